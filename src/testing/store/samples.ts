import type { Authorization } from '../../model/authorization.ts'
import type { Client } from '../../model/client.ts'
import type { AuthorizationCode } from '../../model/code.ts'
import type { DeviceClaim, DeviceCode } from '../../model/device-code.ts'
import type { Epochs } from '../../model/epochs.ts'
import { ZERO_EPOCHS } from '../../model/epochs.ts'
import type { Session } from '../../model/session.ts'
import type { UserRef } from '../../model/subject.ts'
import type { Store, UserRecord } from '../../store/contract.ts'

/** Times and people of the samples: the suite never looks at a clock. */
export const NOW = 1_800_000_000_000

/** A minute, in ms. */
export const MINUTE = 60_000

/** The person of the samples. */
export const ALICE: UserRef = { provider: 'users', userId: 'alice' }

/** Somebody else. */
export const BOB: UserRef = { provider: 'users', userId: 'bob' }

/** A public client with one redirect URI. */
export const sampleClient = (changes: Partial<Client> = {}): Client => ({
  id: 'web',
  name: 'The web app',
  type: 'public',
  secrets: [],
  redirectUris: ['https://app.example/callback'],
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: null,
  provider: 'users',
  ownerId: null,
  isThirdParty: false,
  logo: null,
  homepage: null,
  privacy: null,
  terms: null,
  publisher: null,
  requiresPkce: true,
  skipsConsent: false,
  endsWithSession: true,
  followsRevocations: false,
  graceWindow: null,
  epoch: 0,
  createdAt: NOW,
  revokedAt: null,
  ...changes,
})

/** A person of the built-in provider. */
export const sampleUser = (changes: Partial<UserRecord> = {}): UserRecord => ({
  id: 'alice',
  email: 'alice@example.com',
  name: 'Alice',
  passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
  createdAt: NOW,
  disabledAt: null,
  ...changes,
})

/** A session of Alice. */
export const sampleSession = (changes: Partial<Session> = {}): Session => ({
  ...ALICE,
  id: 'laptop',
  cookieHash: `cookie of ${changes.id ?? 'laptop'}`,
  deviceName: 'Firefox on Linux',
  userAgent: 'Mozilla/5.0',
  address: '192.0.2.1',
  issuerEpoch: 0,
  userEpoch: 0,
  createdAt: NOW,
  lastSeenAt: NOW,
  expiresAt: NOW + 60 * MINUTE,
  isPersistent: false,
  revokedAt: null,
  ...changes,
})

/** A code that Alice gave `web` on her laptop. */
export const sampleCode = (changes: Partial<AuthorizationCode> = {}): AuthorizationCode => ({
  ...ALICE,
  hash: 'code',
  authorizationId: 'azn',
  clientId: 'web',
  sessionId: 'laptop',
  endsWithSession: true,
  redirectUri: 'https://app.example/callback',
  isRedirectUriRequired: true,
  scopes: ['orders:read'],
  resources: ['https://api.example/', 'https://files.example'],
  codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  epochs: ZERO_EPOCHS,
  createdAt: NOW,
  expiresAt: NOW + MINUTE,
  spentAt: null,
  voidedAt: null,
  ...changes,
})

/** A device that asks for tokens of `web`. */
export const sampleDeviceCode = (changes: Partial<DeviceCode> = {}): DeviceCode => ({
  hash: 'device',
  userCodeHash: `user code of ${changes.hash ?? 'device'}`,
  authorizationId: 'azn',
  clientId: 'web',
  scopes: ['orders:read'],
  resources: ['https://api.example/', 'https://files.example'],
  address: '192.0.2.7',
  issuerEpoch: 0,
  clientEpoch: 0,
  interval: 5000,
  lastPolledAt: null,
  claim: null,
  decision: null,
  createdAt: NOW,
  expiresAt: NOW + 15 * MINUTE,
  spentAt: null,
  voidedAt: null,
  ...changes,
})

/** Alice has typed its user code in, on her laptop. */
export const sampleClaim = (changes: Partial<DeviceClaim> = {}): DeviceClaim => ({
  ...ALICE,
  sessionId: 'laptop',
  userEpoch: 0,
  ...changes,
})

/** What the codes give. */
export const sampleAuthorization = (changes: Partial<Authorization> = {}): Authorization => ({
  ...ALICE,
  id: 'azn',
  clientId: 'web',
  sessionId: 'laptop',
  scopes: ['orders:read'],
  resources: ['https://api.example/', 'https://files.example'],
  name: null,
  seedHash: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
  generation: 0,
  rotations: [],
  epochs: ZERO_EPOCHS,
  createdAt: NOW,
  lastUsedAt: NOW,
  expiresAt: NOW + 60 * MINUTE,
  accessExpiresAt: NOW + 15 * MINUTE,
  revokedAt: null,
  ...changes,
})

/** Registers `web` and signs Alice in on her laptop. */
export async function signIn(store: Store): Promise<void> {
  await store.clients.insert(sampleClient())
  await store.sessions.insert(sampleSession(), 'alice')
}

/** What `signIn` does, and an authorization for `web`. */
export async function authorize(store: Store, changes: Partial<Authorization> = {}): Promise<void> {
  await signIn(store)
  await store.authorizations.insert(sampleAuthorization(changes), 'alice')
}

/** What `signIn` does, and a device that Alice has allowed to go on. */
export async function approveDevice(store: Store, changes: Partial<DeviceCode> = {}): Promise<void> {
  await signIn(store)
  const code = sampleDeviceCode(changes)
  await store.deviceCodes.insert(code)
  await store.deviceCodes.claim(code.hash, sampleClaim(), NOW)
  const answer = { sessionId: 'laptop', decision: 'approved', subject: 'alice' } as const
  await store.deviceCodes.decide(code.hash, answer, NOW)
}

/** The epochs that something of Alice and `web` is born with now. */
export const presentEpochs = (store: Store): Promise<Epochs> => store.revocations.readEpochs('alice', 'web')

/** How many of the answers are true. */
export const countTrue = (answers: readonly boolean[]): number => answers.filter(Boolean).length

/** The name of the error that a promise ends with, or that it did not. */
export const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => (error instanceof Error ? error.name : 'not an error'),
  )
