/** Consulate itself, as a person would mount it in `node:http`: a SQLite file, built-in users, default settings. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  authorizationCode,
  builtInUsers,
  clientCredentials,
  createAuthorizationServer,
  refreshToken,
  secretsFromDirectory,
  type RegisteredClient,
  type Session,
  type Store,
} from '../../src/index.ts'
import { toNode } from '../../src/adapters/node.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import { randomText, sha256 } from '../../src/lib/hash.ts'
import { API_ANSWER } from '../api-answer.ts'
import { answerJson, listen } from '../floors/parts/http.ts'
import { apiRequest } from '../floors/parts/requests.ts'
import type { PreparedRequest, Start, Target } from '../target.ts'

const ISSUER = 'https://auth.example.com'
const REDIRECT_URI = 'https://app.example.com/callback'
const SCOPE = 'orders:read'
/** How many authorizations the table holds before the first request, as the floors' does. */
const ROWS = 10_000
const HOUR = 3_600_000

type TokenAnswer = Readonly<Record<'access_token' | 'refresh_token', string>>

export const start: Start = () => startConsulate()

/** How a bench differs from what a person would mount. */
export interface Differences {
  /** Is told the database file before the server starts; its tables are there. */
  readonly fillStore?: (file: string) => void
  readonly guardCacheSize?: number
}

/** Starts it with these differences. */
export async function startConsulate({ fillStore, guardCacheSize }: Differences = {}): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  await generateSecrets(join(folder, 'secrets'))
  const file = join(folder, 'consulate.db')
  const store = sqlite(file)
  await store.migrate()
  fillStore?.(file)
  const createServer = (store: Store) =>
    createAuthorizationServer({
      issuer: ISSUER,
      secrets: secretsFromDirectory(join(folder, 'secrets')),
      store,
      users: builtInUsers(),
      scopes: { [SCOPE]: 'See your orders' },
      grants: [authorizationCode(), refreshToken(), clientCredentials()],
      ...(guardCacheSize !== undefined && { guardCacheSize }),
    })
  const server = createServer(store)
  const registered = await server.clients.create({
    name: 'Reports',
    redirectUris: [REDIRECT_URI],
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    scopes: [SCOPE],
  })
  const session = await signIn(store)
  const auth = toNode(server)
  const orders = auth.user(SCOPE)((_, response) => answerJson(response, API_ANSWER))
  const { port, stop } = await listen(auth.routes(orders))

  const toRequest = requestsOf(registered)
  const codeRequest = async () => toRequest(await mintCode(store, registered, session))
  const exchange = async (): Promise<TokenAnswer> => {
    const { path, ...request } = await codeRequest()
    const response = await server.fetch(new Request(ISSUER + path, request))
    if (response.status !== 200) throw new Error(`a code was refused: ${await response.text()}`)
    return (await response.json()) as TokenAnswer
  }

  let isFilled = false
  const fill = async (): Promise<void> => {
    if (!isFilled) await times(ROWS, exchange)
    isFilled = true
  }

  return {
    port,
    terms: 'ES256, SQLite',
    async prepare(scenario, count) {
      if (scenario === 'client-credentials')
        return times(count, async () => toRequest({ grant_type: 'client_credentials', scope: SCOPE }))
      if (scenario === 'guard') return times(count, async () => apiRequest((await exchange()).access_token))
      await fill()
      if (scenario === 'code') return times(count, codeRequest)
      return times(count, async () => {
        const { refresh_token } = await exchange()
        return toRequest({ grant_type: 'refresh_token', refresh_token })
      })
    },
    async startAgain() {
      const another = createServer(sqlite(file))
      const before = performance.now()
      await another.ready()
      const duration = performance.now() - before
      await another.close()
      return duration
    },
    async stop() {
      await stop()
      await server.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** A person who is signed in; only the password is left out, since nobody will type it. */
async function signIn(store: Store): Promise<Session> {
  const [now, userId] = [Date.now(), randomText(16)]
  const email = 'ann@example.com'
  await store.users.insert({
    id: userId,
    email,
    name: 'Ann',
    passwordHash: '',
    createdAt: now,
    disabledAt: null,
  })
  const session = {
    id: randomText(16),
    provider: 'users',
    userId,
    cookieHash: sha256(randomText(32)),
    deviceName: 'Chrome on Linux',
    userAgent: 'Mozilla/5.0',
    address: '127.0.0.1',
    issuerEpoch: 0,
    userEpoch: 0,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    revokedAt: null,
  }
  await store.sessions.insert(session, userId)
  return session
}

/** A code as the authorization endpoint gives it, and the form that exchanges it (RFC 7636 section 4.5). */
async function mintCode(store: Store, { client }: RegisteredClient, session: Session) {
  const [code, code_verifier, now] = [randomText(32), randomText(32), Date.now()]
  const { provider, userId, id: sessionId } = session
  const row = {
    hash: sha256(code),
    authorizationId: randomText(16),
    clientId: client.id,
    provider,
    userId,
    sessionId,
    endsWithSession: client.endsWithSession,
    redirectUri: REDIRECT_URI,
    isRedirectUriRequired: true,
    scopes: [SCOPE],
    resource: null,
    codeChallenge: sha256(code_verifier),
    epochs: { issuer: 0, client: 0, user: 0 },
    createdAt: now,
    expiresAt: now + HOUR,
    spentAt: null,
    voidedAt: null,
  }
  const outcome = await store.codes.insert(row, userId)
  if (outcome !== 'inserted') throw new Error(`a code was not inserted: ${outcome}`)
  return { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier }
}

/** Writes the token requests of a client that authenticates with its secret (RFC 6749 section 2.3.1). */
function requestsOf({ client, secret }: RegisteredClient) {
  const credentials = Buffer.from(`${client.id}:${secret}`).toString('base64')
  const type = 'application/x-www-form-urlencoded'
  return (form: Readonly<Record<string, string>>): PreparedRequest & { readonly body: string } => ({
    method: 'POST',
    path: '/oauth/token',
    headers: { Authorization: `Basic ${credentials}`, 'Content-Type': type },
    body: new URLSearchParams(form).toString(),
  })
}

/** One after the other: SQLite has one writer anyway. */
async function times<Value>(count: number, make: () => Promise<Value>): Promise<readonly Value[]> {
  const values: Value[] = []
  while (values.length < count) values.push(await make())
  return values
}
