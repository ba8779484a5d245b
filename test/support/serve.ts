import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { flushCompileCache } from 'node:module'
import type { AddressInfo } from 'node:net'
import { toNode } from '../../src/adapters/node.ts'
import { redis } from '../../src/broadcast/redis.ts'
import {
  createAuthorizationServer,
  implicitGrant,
  jsonLogger,
  passwordGrant,
  signIn,
} from '../../src/index.ts'
import type { AuthorizationServer, BaseUser, Config } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openStore } from '../../src/store/url.ts'
import { guardedApi, strictApi } from './api.ts'
import { customGrant } from './custom-grant.ts'
import { commonConfig, type TestScope } from './config.ts'
import { createUserTable } from './user-table.ts'
import { adminApi } from './admin-api.ts'
import { appUsers } from './cookie-app.ts'
import type { TestSecrets } from './secrets.ts'
import type { TestUser } from './server.ts'

/** The first message to a node: how to start. */
export interface ServeMessage {
  readonly issuer: string
  readonly file: string
  /** The URL of a database, instead of the file. */
  readonly url?: string
  readonly secrets: TestSecrets
  /** How long the store waits for other processes, in milliseconds. */
  readonly busyTimeout?: number
  /** The user and group ID to run as. */
  readonly uid?: number
  /** Milliseconds between its clock and the system clock. */
  readonly ahead?: number
  readonly config?: Pick<
    Config<TestScope, BaseUser, 'users', never>,
    | 'revocations'
    | 'throttle'
    | 'maxSessions'
    | 'clients'
    | 'purge'
    | 'partialConsent'
    | 'userApps'
    | 'apiCookie'
    | 'webhooks'
  >
  /** The URL of Redis, for `broadcast`. */
  readonly redis?: string
  /** True if users sign in to an app: see `appUsers`. */
  readonly isBehindApp?: boolean
  /** The users of a second provider, `customers`. */
  readonly customers?: readonly TestUser[]
}

/** A later message: sets the clock. The node sends it back when done. */
export interface SetClockMessage {
  readonly ahead: number
}

/** The first message from a node. */
export interface ListeningMessage {
  readonly port: number
}

let ahead = 0
const clock = { now: () => Date.now() + ahead }

// A node: receives its options as a message, listens on a free port and sends the port back.
process.on('message', (message: ServeMessage | SetClockMessage) => {
  if (message.ahead !== undefined) ahead = message.ahead
  if ('issuer' in message) void serve(message)
  else process.send?.(message)
})
// The test process has exited, and cannot stop this one any more.
process.on('disconnect', () => process.exit())

async function serve(message: ServeMessage): Promise<void> {
  const { issuer, file, secrets, busyTimeout, uid, customers, config = {} } = message
  const broadcast = message.redis === undefined ? undefined : redis(message.redis)
  if (uid !== undefined) {
    process.setgid?.(uid)
    process.setuid?.(uid)
  }
  const store =
    message.url === undefined
      ? sqlite({ path: file, ...(busyTimeout !== undefined && { busyTimeout }) })
      : openStore(message.url)
  const common = commonConfig()
  // The tests insert the links themselves.
  const passwordReset = { send: () => undefined }
  // The badge of a user is the user ID.
  const badge = customGrant((userId) => userId)
  const grants = [...common.grants, passwordGrant(), implicitGrant(), signIn(), badge]
  const own = {
    ...common,
    grants,
    issuer,
    secrets,
    store,
    broadcast,
    clock,
    logger: jsonLogger(),
    passwordReset,
  }
  const providers = customers && { customers: createUserTable(customers).provider }
  const server: AuthorizationServer<TestScope> = createAuthorizationServer<TestScope, BaseUser>({
    ...own,
    ...(message.isBehindApp && { users: appUsers, passwordReset: undefined }),
    ...(providers && { providers }),
    ...config,
  })
  // Listens even if the server cannot start yet, as an app with other routes does.
  await server.ready().catch(() => undefined)
  const api = providers
    ? withCustomers(guardedApi(server.for('customers')), guardedApi(server))
    : strictApi(server, guardedApi(server))
  const http = createServer(toNode(server).routes(adminApi(server, store, clock, api)))
  // A busy machine could otherwise send a request just as the server closes an idle connection.
  http.keepAliveTimeout = 600_000
  http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
  flushCompileCache()
}

/** Routes paths below `/customers` to the API for customers. */
const withCustomers =
  (customers: RequestListener, others: RequestListener): RequestListener =>
  (request, response) => {
    if (!request.url?.startsWith('/customers/')) return others(request, response)
    request.url = request.url.slice('/customers'.length)
    return customers(request, response)
  }
