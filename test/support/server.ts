import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthorizationServer, jsonLogger } from '../../src/index.ts'
import type { AuthorizationServer, ClientRegistration, EventMap, Store } from '../../src/index.ts'
import { EVENT_NAMES } from '../../src/event-map.ts'
import { randomId } from '../../src/lib/hash.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { hashPassword } from '../../src/users/password-hash.ts'
import { createTestClock } from './clock.ts'
import type { TestClock } from './clock.ts'
import { commonConfig } from './config.ts'
import type { TestConfig, TestScope } from './config.ts'
import { createKnownSecrets, findLeaks } from './known-secrets.ts'
import type { KnownSecrets } from './known-secrets.ts'
import { createMigratedFile } from './migrated-file.ts'
import { mount as mountFramework, type Mount } from './mount.ts'
import { testSecrets } from './secrets.ts'

/** A user who can sign in. */
export interface TestUser {
  readonly id: string
  readonly email: string
  readonly password: string
}

/** A registered client. */
export interface TestClient {
  readonly id: string
  /** Undefined for public clients. */
  readonly secret: string | undefined
  /** The first redirect URI; empty if there is none. */
  readonly redirectUri: string
}

/** An event that the server emitted. */
export interface RecordedEvent {
  readonly name: keyof EventMap
  readonly payload: Readonly<Record<string, unknown>>
}

/** A real server on its own port, over a real database file. */
export interface TestServer {
  readonly server: AuthorizationServer<TestScope>
  readonly issuer: string
  /** The issuer without its path. */
  readonly origin: string
  readonly store: Store
  /** The SQLite file. */
  readonly file: string
  readonly clock: TestClock
  readonly logs: readonly string[]
  readonly events: readonly RecordedEvent[]
  /** Every secret that was issued or entered so far. */
  readonly knownSecrets: KnownSecrets
  /** Returns the URL of a path: `endpoint('/oauth/token')`. */
  endpoint(path: string): string
  addUser(): Promise<TestUser>
  addClient(registration?: Partial<ClientRegistration>): Promise<TestClient>
  /** Stops the server. Throws if a known secret is found in the log, an event or the database file. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Options of the server, the `path` of the issuer, an existing database `file`, and the app that mounts the server. Default:
 * that of the environment variable `FRAMEWORK`.
 */
export interface ServerOptions extends Partial<TestConfig> {
  readonly path?: string
  readonly file?: string
  readonly mount?: Mount
}

/** The default redirect URI of clients. Nothing listens there: the test reads the redirect. */
export const CALLBACK = 'https://app.example/callback'

/** Starts a server. Close it in `afterAll`, or use `await using server = await startServer()`. */
export async function startServer({
  path = '',
  file,
  mount = mountFramework,
  ...config
}: ServerOptions = {}): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'consulate-'))
  const http = createServer()
  const origin = await listen(http)
  const database = file ?? join(directory, 'data.db')
  if (file === undefined && config.store === undefined) await createMigratedFile(database)
  const { logs, events, knownSecrets, clock } = { ...recorders(), clock: createTestClock() }
  const store = config.store ?? sqlite(database)
  const logger = jsonLogger({ level: 'debug', write: (line) => void logs.push(line) })
  const server = createAuthorizationServer({
    ...commonConfig(),
    issuer: origin + path,
    secrets: testSecrets,
    store,
    logger,
    clock,
    ...config,
  })
  listenToAll(server, events)
  const unmount = await mount(server, http)
  const close = async (): Promise<void> => {
    http.close()
    http.closeAllConnections()
    await unmount()
    const leaks = findLeaks(knownSecrets, { logs, events, file: database })
    await server.close()
    await rm(directory, { recursive: true, force: true })
    if (leaks.length > 0) throw new Error(`Leaked secrets:\n${leaks.join('\n')}`)
  }
  return {
    server,
    issuer: server.issuer,
    origin,
    store,
    file: database,
    clock,
    logs,
    events,
    knownSecrets,
    endpoint: (rest) => `${origin}${path}${rest}`,
    addUser: userAdder(server, store, clock, knownSecrets),
    addClient: (registration) => addClient(server, knownSecrets, registration),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const recorders = (): { logs: string[]; events: RecordedEvent[]; knownSecrets: KnownSecrets } => ({
  logs: [],
  events: [],
  knownSecrets: createKnownSecrets(),
})

/**
 * Listens on a free loopback port. Returns the origin. Idle connections stay open: on a busy machine, a test could
 * otherwise send a request just as the server closes one.
 */
export async function listen(http: Server): Promise<string> {
  http.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

function listenToAll(server: AuthorizationServer<TestScope>, events: RecordedEvent[]): void {
  for (const name of EVENT_NAMES) {
    server.on(name, (payload) => void events.push({ name, payload: { ...payload } }))
  }
}

let userCount = 0

/** Returns a function that adds users. The first user of each server has the same password, and so on. */
function userAdder(
  server: AuthorizationServer<TestScope>,
  store: Store,
  clock: TestClock,
  knownSecrets: KnownSecrets,
): () => Promise<TestUser> {
  let added = 0
  return async () => {
    await server.ready()
    added += 1
    userCount += 1
    const password = knownSecrets.add('password', `correct horse ${added} battery`)
    const email = `user-${userCount}@example.com`
    const user = { id: randomId(), email, name: email }
    const passwordHash = await hashOnce(password)
    await store.users.insert({ ...user, passwordHash, createdAt: clock.now(), disabledAt: null })
    return { id: user.id, email, password }
  }
}

const hashes = new Map<string, Promise<string>>()

/** Hashes each password once per worker, because a hash takes longer than the start of a server. */
function hashOnce(password: string): Promise<string> {
  const hash = hashes.get(password) ?? hashPassword(password)
  hashes.set(password, hash)
  return hash
}

async function addClient(
  server: AuthorizationServer<TestScope>,
  knownSecrets: KnownSecrets,
  registration: Partial<ClientRegistration> = {},
): Promise<TestClient> {
  const redirectUris = registration.redirectUris ?? (registration.grantTypes ? [] : [CALLBACK])
  const { client, secret } = await server.clients.create({ name: 'Orchard', redirectUris, ...registration })
  if (secret !== undefined) knownSecrets.add('client secret', secret)
  return { id: client.id, secret, redirectUri: redirectUris[0] ?? '' }
}
