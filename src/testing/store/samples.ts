import type { Authorization } from '../../model/authorization.ts'
import type { Client } from '../../model/client.ts'
import type { AuthorizationCode } from '../../model/code.ts'
import type { DeviceClaim, DeviceCode, DeviceDecision } from '../../model/device-code.ts'
import type { Epochs } from '../../model/epochs.ts'
import { ZERO_EPOCHS } from '../../model/epochs.ts'
import type { PasswordReset } from '../../model/password-reset.ts'
import type { Session } from '../../model/session.ts'
import type { UserRef } from '../../model/subject.ts'
import type { RefreshUpdate } from '../../store/authorizations.ts'
import type { Store } from '../../store/contract.ts'
import type { UserRecord } from '../../store/users.ts'

/** The time of the samples. The suite never reads a clock. */
export const NOW = 1_800_000_000_000

export const MINUTE = 60_000

/** The user of the samples. */
export const ALICE: UserRef = { provider: 'users', userId: 'alice' }

/** Another user. */
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
  introspects: false,
  graceWindow: null,
  accessTokenLifetime: null,
  refreshTokenLifetime: null,
  refreshTokenMaximumLifetime: null,
  fields: {},
  epoch: 0,
  createdAt: NOW,
  revokedAt: null,
  ...changes,
})

/** A built-in user. */
export const sampleUser = (changes: Partial<UserRecord> = {}): UserRecord => ({
  id: 'alice',
  email: 'alice@example.com',
  name: 'Alice',
  passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
  createdAt: NOW,
  disabledAt: null,
  ...changes,
})

/** Alice's session on her laptop. */
export const sampleSession = (changes: Partial<Session> = {}): Session => ({
  ...ALICE,
  id: 'laptop',
  cookieHash: `cookie of ${changes.id ?? 'laptop'}`,
  appSessionHash: null,
  deviceName: 'Firefox on Linux',
  userAgent: 'Mozilla/5.0',
  address: '192.0.2.1',
  issuerEpoch: 0,
  userEpoch: 0,
  createdAt: NOW,
  authenticatedAt: NOW,
  lastSeenAt: NOW,
  expiresAt: NOW + 60 * MINUTE,
  isPersistent: false,
  methods: ['pwd'],
  revokedAt: null,
  ...changes,
})

/** Alice's link to reset her password. */
export const samplePasswordReset = (changes: Partial<PasswordReset> = {}): PasswordReset => ({
  ...ALICE,
  hash: 'reset',
  createdAt: NOW,
  expiresAt: NOW + 30 * MINUTE,
  spentAt: null,
  voidedAt: null,
  ...changes,
})

/** A code for `web` that Alice approved on her laptop. */
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

/** A device code for `web`. */
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
  lastPolledBy: null,
  claim: null,
  decision: null,
  createdAt: NOW,
  expiresAt: NOW + 15 * MINUTE,
  spentAt: null,
  voidedAt: null,
  ...changes,
})

/** Alice's claim on a device code, made on her laptop. */
export const sampleClaim = (changes: Partial<DeviceClaim> = {}): DeviceClaim => ({
  ...ALICE,
  sessionId: 'laptop',
  userEpoch: 0,
  ...changes,
})

/** The authorization that the sample codes name. */
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

/** The next state of that authorization. */
export const sampleRefresh = (changes: Partial<RefreshUpdate> = {}): RefreshUpdate => ({
  id: 'azn',
  seedHash: sampleAuthorization().seedHash ?? '',
  clientId: 'web',
  from: 0,
  to: 1,
  rotation: { generation: 0, graceEndsAt: NOW + MINUTE, nodeId: 'node' },
  now: NOW + 1,
  expiresAt: NOW + 90 * MINUTE,
  maximumLifetime: null,
  accessExpiresAt: NOW + 20 * MINUTE,
  user: { subject: 'alice' },
  ...changes,
})

/** Registers `web` and signs Alice in on her laptop. */
export async function signIn(store: Store): Promise<void> {
  await store.clients.insert(sampleClient())
  await store.sessions.insert(sampleSession(), 'alice')
}

/** Signs Alice in and inserts an authorization for `web`. */
export async function authorize(store: Store, changes: Partial<Authorization> = {}): Promise<void> {
  await signIn(store)
  await store.authorizations.insert(sampleAuthorization(changes), 'alice')
}

/** Signs Alice in and lets her approve a device code. */
export async function approveDevice(store: Store, changes: Partial<DeviceCode> = {}): Promise<void> {
  await signIn(store)
  const code = sampleDeviceCode(changes)
  await store.deviceCodes.insert(code)
  await store.deviceCodes.claim(code.hash, sampleClaim(), NOW)
  const answer = { sessionId: 'laptop', decision: 'approved', subject: 'alice' } as const
  await store.deviceCodes.decide(code.hash, answer, NOW)
}

/** Signs Alice in on two devices and Bob on one, and inserts a device code. */
export async function insertDeviceCode(store: Store): Promise<void> {
  await signIn(store)
  await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
  await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
  await store.deviceCodes.insert(sampleDeviceCode())
}

/** Claims the device code for Alice, on her laptop. */
export const claim = (store: Store, changes: Partial<DeviceClaim> = {}): Promise<boolean> =>
  store.deviceCodes.claim('device', sampleClaim(changes), NOW)

/** Approves the device code as Alice, on her laptop. */
export const decide = (
  store: Store,
  decision: DeviceDecision = 'approved',
  sessionId = 'laptop',
): Promise<boolean> => store.deviceCodes.decide('device', { sessionId, decision, subject: 'alice' }, NOW)

/** Every state in which a device code is no longer pending. */
export const NOT_PENDING: Readonly<Record<string, Partial<DeviceCode>>> = {
  approved: { decision: 'approved' },
  denied: { decision: 'denied' },
  spent: { spentAt: NOW },
  voided: { voidedAt: NOW },
  expired: { expiresAt: NOW },
}

/** Reads the epochs that a new row of Alice and `web` needs. */
export const currentEpochs = (store: Store): Promise<Epochs> => store.revocations.readEpochs('alice', 'web')

/** Counts the results that are true. */
export const countTrue = (results: readonly boolean[]): number => results.filter(Boolean).length

/** Returns the name of the error that a promise rejects with. */
export const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => (error instanceof Error ? error.name : 'not an error'),
  )
