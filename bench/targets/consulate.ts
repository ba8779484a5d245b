/** Consulate mounted in `node:http`: an SQLite file, built-in users, default settings. */
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
  silentLogger,
  deviceCode,
  implicitGrant,
  passwordGrant,
  type AuthorizationServer,
  type RegisteredClient,
  type Store,
} from '../../src/index.ts'
import { toNode } from '../../src/adapters/node.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import { API_ANSWER } from '../api-answer.ts'
import { answerJson, listen } from '../floors/parts/http.ts'
import { apiRequest } from '../floors/parts/requests.ts'
import { addUsers, mintCode, mintDeviceCode, USER, REDIRECT_URI, SCOPE, signIn } from './parts/mint.ts'
import { times as timesAtOnce } from './parts/times.ts'
import type { PreparedRequest, Start, Target } from '../target.ts'

const ISSUER = 'https://auth.example.com'
/** As in the floors. */
const ROWS = 10_000

type TokenAnswer = Readonly<Record<'access_token' | 'refresh_token', string>>

export const start: Start = () => startConsulate()

/** Differences from a typical server. */
export interface Differences {
  /** Opens the store of the server. Default: SQLite, in this file. */
  readonly openStore?: (file: string) => Store | Promise<Store>
  /** Called with the database file after migrations and before the server starts. */
  readonly fillStore?: (file: string, store: Store) => void | Promise<void>
  readonly guardCacheSize?: number
  /** The number of authorizations before the first request. Default 10,000. */
  readonly authorizations?: number
  /** How many requests are prepared at the same time. Default 1, because SQLite has a single writer. */
  readonly atOnce?: number
  /** Serves the guarded API, in place of `node:http`. */
  readonly serve?: (
    server: AuthorizationServer<typeof SCOPE>,
    file: string,
  ) => Promise<{ readonly port: number; stop(): Promise<unknown> }>
}

/** Starts Consulate with these differences. */
export async function startConsulate({
  openStore = sqlite,
  fillStore,
  guardCacheSize,
  authorizations = ROWS,
  atOnce = 1,
  serve = serveBare,
}: Differences = {}): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  await generateSecrets(join(folder, 'secrets'))
  const file = join(folder, 'consulate.db')
  const store = await openStore(file)
  await store.migrate()
  await fillStore?.(file, store)
  const createServer = (store: Store) =>
    createAuthorizationServer({
      issuer: ISSUER,
      secrets: secretsFromDirectory(join(folder, 'secrets')),
      store,
      users: builtInUsers(),
      scopes: { [SCOPE]: 'See your orders' },
      grants: [
        authorizationCode(),
        refreshToken(),
        clientCredentials(),
        deviceCode(),
        passwordGrant(),
        implicitGrant(),
      ],
      personalTokens: {},
      logger: silentLogger,
      ...(guardCacheSize !== undefined && { guardCacheSize }),
    })
  const server = createServer(store)
  const registered = await server.clients.create({
    name: 'Reports',
    redirectUris: [REDIRECT_URI],
    grantTypes: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
      'password',
      'implicit',
    ],
    scopes: [SCOPE],
    introspects: true,
  })
  const { session, cookie } = await signIn(store)
  await store.consents.add(session, registered.client.id, [SCOPE], Date.now())
  const { port, stop } = await serve(server, file)

  const times = <Value>(count: number, make: () => Promise<Value>) => timesAtOnce(count, make, atOnce)
  const toRequest = requestsOf(registered)
  const codeRequest = async () => toRequest(await mintCode(store, registered, session))
  const exchange = async (): Promise<TokenAnswer> => {
    const { path, ...request } = await codeRequest()
    const response = await server.fetch(new Request(ISSUER + path, request))
    if (response.status !== 200) throw new Error(`a code was rejected: ${await response.text()}`)
    return (await response.json()) as TokenAnswer
  }

  let isFilled = false
  const fill = async (): Promise<void> => {
    if (!isFilled) await times(authorizations, exchange)
    isFilled = true
  }

  return {
    port,
    terms: 'ES256, SQLite',
    async prepare(scenario, count) {
      if (scenario === 'client-credentials')
        return times(count, async () => toRequest({ grant_type: 'client_credentials', scope: SCOPE }))
      if (scenario === 'introspect')
        return times(count, async () =>
          toRequest({ token: (await exchange()).access_token }, '/oauth/introspect'),
        )
      if (scenario === 'guard') return times(count, async () => apiRequest((await exchange()).access_token))
      if (scenario === 'personal')
        return times(count, async () => {
          const { accessToken } = await server.personalTokens.create(session.userId, {
            name: 'Backup',
            scopes: [SCOPE],
          })
          return apiRequest(accessToken)
        })
      await fill()
      if (scenario === 'code') return times(count, codeRequest)
      if (scenario === 'device')
        return times(count, async () => toRequest(await mintDeviceCode(store, registered, session)))
      if (scenario === 'password') {
        const names = await addUsers(store, session.userId, count)
        return names.map((username) => toRequest(passwordForm(username)))
      }
      if (scenario === 'implicit') return times(count, async () => implicitRequest(registered, cookie))
      if (scenario === 'revoke')
        return times(count, async () =>
          toRequest({ token: (await exchange()).refresh_token }, '/oauth/revoke'),
        )
      return times(count, async () => {
        const { refresh_token } = await exchange()
        return toRequest({ grant_type: 'refresh_token', refresh_token })
      })
    },
    async startAgain() {
      const another = createServer(await openStore(file))
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

const serveBare: NonNullable<Differences['serve']> = (server) => {
  const auth = toNode(server)
  const orders = auth.user(SCOPE)((_, response) => answerJson(response, API_ANSWER))
  return listen(auth.routes(orders))
}

/** A token request with a user's password (RFC 6749 section 4.3.2). */
const passwordForm = (username: string) => ({
  grant_type: 'password',
  username,
  password: USER.password,
  scope: SCOPE,
})

/** An implicit request by a user who has already consented (RFC 6749 section 4.2.1). */
function implicitRequest({ client }: RegisteredClient, cookie: string): PreparedRequest {
  const query = new URLSearchParams({
    response_type: 'token',
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
  })
  return {
    method: 'GET',
    path: `/oauth/authorize?${query.toString()}`,
    headers: { Cookie: `__Host-consulate_session=${cookie}` },
    expects: 303,
  }
}

/** Creates requests of a client that authenticates with its secret (RFC 6749 section 2.3.1). */
function requestsOf({ client, secret }: RegisteredClient) {
  const credentials = Buffer.from(`${client.id}:${secret}`).toString('base64')
  const type = 'application/x-www-form-urlencoded'
  return (
    form: Readonly<Record<string, string>>,
    path = '/oauth/token',
  ): PreparedRequest & { readonly body: string } => ({
    method: 'POST',
    path,
    headers: { Authorization: `Basic ${credentials}`, 'Content-Type': type },
    body: new URLSearchParams(form).toString(),
  })
}
