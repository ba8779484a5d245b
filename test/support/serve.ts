import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { flushCompileCache } from 'node:module'
import type { AddressInfo } from 'node:net'
import { toNode } from '../../src/adapters/node.ts'
import { createAuthorizationServer, implicitGrant, jsonLogger, passwordGrant } from '../../src/index.ts'
import type { Config } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { guardedApi } from './api.ts'
import { customGrant } from './custom-grant.ts'
import { commonConfig } from './config.ts'
import { createUserTable } from './user-table.ts'
import { adminApi } from './admin-api.ts'
import type { TestSecrets } from './secrets.ts'
import type { TestUser } from './server.ts'

/** What a process is told to begin with. */
export interface ServeOrder {
  readonly issuer: string
  readonly file: string
  readonly secrets: TestSecrets
  /** How long (ms) the store waits for other processes. */
  readonly busyTimeout?: number
  /** The user and group that it becomes. */
  readonly uid?: number
  /** How far its clock is ahead of the machine's; behind where negative. */
  readonly ahead?: number
  readonly config?: Pick<Config, 'revocations' | 'throttle'>
  /** The people of a second provider, `customers`. */
  readonly customers?: readonly TestUser[]
}

/** What it may be told later: to set its clock. It says the same back. */
export interface ClockOrder {
  readonly ahead: number
}

/** What it says first: its port. */
export interface Serving {
  readonly port: number
}

let ahead = 0
const clock = { now: () => Date.now() + ahead }

/** A process of its own with one server: it is sent an order, listens on a free port and says which. */
process.on('message', (order: ServeOrder | ClockOrder) => {
  if (order.ahead !== undefined) ahead = order.ahead
  if ('issuer' in order) void serve(order)
  else process.send?.(order)
})
// Whoever has started it is gone: nobody else will end it.
process.on('disconnect', () => process.exit())

async function serve(order: ServeOrder): Promise<void> {
  const { issuer, file, secrets, busyTimeout, uid, customers, config = {} } = order
  if (uid !== undefined) {
    process.setgid?.(uid)
    process.setuid?.(uid)
  }
  const store = sqlite({ path: file, ...(busyTimeout !== undefined && { busyTimeout }) })
  const common = commonConfig()
  // Here a person's badge is their id.
  const badge = customGrant((userId) => userId)
  const grants = [...common.grants, passwordGrant(), implicitGrant(), badge]
  const own = { ...common, grants, issuer, secrets, store, clock, logger: jsonLogger() }
  const providers = customers && { customers: createUserTable(customers).provider }
  const server = createAuthorizationServer({ ...own, ...(providers && { providers }), ...config })
  // Where it cannot start yet it listens all the same, as an application does that has other things to serve.
  await server.ready().catch(() => undefined)
  const api = providers
    ? besides(guardedApi(server.for('customers')), guardedApi(server))
    : guardedApi(server)
  const http = createServer(toNode(server).routes(adminApi(server, store, clock, api)))
  http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
  flushCompileCache()
}

/** What is asked for below `/customers` is for the API of their guard. */
const besides =
  (customers: RequestListener, others: RequestListener): RequestListener =>
  (request, response) => {
    if (!request.url?.startsWith('/customers/')) return others(request, response)
    request.url = request.url.slice('/customers'.length)
    return customers(request, response)
  }
