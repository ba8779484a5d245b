import { systemClock } from '../../../src/lib/clock.ts'
import { hmac, randomBase64url, sha256 } from '../../../src/lib/hash.ts'
import type { RegisteredClient, Session, Store } from '../../../src/index.ts'
import { createUser } from '../../../src/users/built-in.ts'
import { deviceForm } from '../../floors/parts/requests.ts'

/** The client's redirect URI. */
export const REDIRECT_URI = 'https://app.example.com/callback'
/** The only scope. */
export const SCOPE = 'orders:read'
const HOUR = 3_600_000

/** The user who signs in. */
export const USER = { email: 'ann@example.com', name: 'Ann', password: 'correct horse battery staple' }

/** A signed-in user and their session cookie. */
export async function signIn(store: Store): Promise<{ session: Session; cookie: string }> {
  const now = Date.now()
  const user = await createUser(store, systemClock, USER)
  if (!user) throw new Error('the user already exists')
  const [userId, cookie] = [user.id, randomBase64url(32)]
  const session = {
    id: randomBase64url(16),
    provider: 'users',
    userId,
    cookieHash: sha256(cookie),
    appSessionHash: null,
    deviceName: 'Chrome on Linux',
    userAgent: 'Mozilla/5.0',
    address: '127.0.0.1',
    issuerEpoch: 0,
    userEpoch: 0,
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    isPersistent: false,
    methods: ['pwd'],
    revokedAt: null,
  }
  await store.sessions.insert(session, userId)
  return { session, cookie }
}

/** Adds users with the password of an existing one and returns their names. Parallel attempts at one account would be throttled. */
export async function addUsers(store: Store, modelId: string, count: number): Promise<readonly string[]> {
  const model = await store.users.find(modelId)
  if (!model) throw new Error('there is no user to copy')
  const emails = Array.from({ length: count }, () => `${randomBase64url(16).toLowerCase()}@example.com`)
  for (const email of emails) await store.users.insert({ ...model, id: randomBase64url(16), email })
  return emails
}

/** Creates an authorization code and the form that exchanges it (RFC 7636 section 4.5). */
export async function mintCode(store: Store, { client }: RegisteredClient, session: Session) {
  const [code, code_verifier, now] = [randomBase64url(32), randomBase64url(32), Date.now()]
  const { provider, userId, id: sessionId } = session
  const row = {
    hash: sha256(code),
    authorizationId: randomBase64url(16),
    clientId: client.id,
    provider,
    userId,
    sessionId,
    endsWithSession: client.endsWithSession,
    redirectUri: REDIRECT_URI,
    isRedirectUriRequired: true,
    scopes: [SCOPE],
    resources: [],
    codeChallenge: sha256(code_verifier),
    epochs: { issuer: 0, client: 0, user: 0 },
    createdAt: now,
    expiresAt: now + HOUR,
    isPersistent: false,
    methods: ['pwd'],
    spentAt: null,
    voidedAt: null,
  }
  const outcome = await store.codes.insert(row, userId)
  if (outcome !== 'inserted') throw new Error(`a code was not inserted: ${outcome}`)
  return { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier }
}

/** Creates an approved device code and the form that polls with it. */
export async function mintDeviceCode(store: Store, { client }: RegisteredClient, session: Session) {
  const [code, now] = [randomBase64url(32), Date.now()]
  const { provider, userId, id: sessionId, userEpoch } = session
  const hash = sha256(code)
  const row = {
    hash,
    userCodeHash: hmac(Buffer.alloc(32), code),
    authorizationId: randomBase64url(16),
    clientId: client.id,
    scopes: [SCOPE],
    resources: [],
    address: '127.0.0.1',
    issuerEpoch: 0,
    clientEpoch: 0,
    interval: 5000,
    lastPolledAt: null,
    lastPolledBy: null,
    claim: null,
    decision: null,
    createdAt: now,
    expiresAt: now + HOUR,
    isPersistent: false,
    methods: ['pwd'],
    spentAt: null,
    voidedAt: null,
  }
  await store.deviceCodes.insert(row)
  await store.deviceCodes.claim(hash, { provider, userId, sessionId, userEpoch }, now)
  const answer = { sessionId, decision: 'approved', subject: userId } as const
  if (!(await store.deviceCodes.decide(hash, answer, now))) throw new Error('a device code was not approved')
  return deviceForm(code)
}
