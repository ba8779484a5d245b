import { createServer } from 'node:http'
import type { Guards } from '../../src/index.ts'
import { guardedApi } from './api.ts'
import { openBrowser } from './browser.ts'
import type { TestConfig, TestScope } from './config.ts'
import { createDirectory } from './directory.ts'
import type { Directory } from './directory.ts'
import { askApi } from './oauth-client.ts'
import type { JsonAnswer, Visit } from './oauth-client.ts'
import { listen, startServer } from './server.ts'
import type { Person, TestClient, TestServer } from './server.ts'

/** Which of two providers somebody is of: `users` is the server's own, `customers` the other. */
export type SideName = 'users' | 'customers'

/** One provider's people: somebody of theirs, a client for them, and an API behind their guard. */
export interface Side {
  readonly name: SideName
  readonly person: Person
  readonly client: TestClient
  readonly signIn: string
  readonly signOut: string
  /** Asks the API of this side's people. */
  ask(path: string, token: string): Promise<JsonAnswer>
}

/** A server with two providers, in both of which there is somebody with the same id and the same user name. */
export interface TwoSides extends AsyncDisposable {
  readonly server: TestServer
  readonly customers: Directory
  readonly sides: Readonly<Record<SideName, Side>>
  /** Two more people with one id and one name, who differ by their passwords. */
  addTwins(): Promise<Readonly<Record<SideName, Person>>>
}

/** Starts a server for two sides. */
export async function startTwoSides(options: Partial<TestConfig> = {}): Promise<TwoSides> {
  const customers = createDirectory()
  const server = await startServer({ ...options, providers: { customers: customers.provider } })
  const addTwins = async (): Promise<Readonly<Record<SideName, Person>>> => {
    const user = await server.addPerson()
    const password = server.hoard.keep('password', `${user.password} staple`)
    const customer = { ...user, password }
    customers.people.set(customer.id, customer)
    return { users: user, customers: customer }
  }
  const twins = await addTwins()
  const shop = await serveApi(server.server.for('customers'))
  const sides: TwoSides['sides'] = {
    users: {
      name: 'users',
      person: twins.users,
      client: await server.addClient({ name: 'Staff room' }),
      signIn: server.endpoint('/login'),
      signOut: server.endpoint('/logout'),
      ask: (path, token) => askApi(server, path, token),
    },
    customers: {
      name: 'customers',
      person: twins.customers,
      client: await server.addClient({ name: 'Shop', provider: 'customers' }),
      signIn: server.endpoint('/login/customers'),
      signOut: server.endpoint('/logout/customers'),
      ask: (path, token) => askApi({ ...server, origin: shop.origin }, path, token),
    },
  }
  return {
    server,
    customers,
    sides,
    addTwins,
    async [Symbol.asyncDispose]() {
      shop.close()
      await server.close()
    },
  }
}

/** Serves the API of the tests behind any guard. */
export async function serveApi(guarded: Guards<TestScope>) {
  const http = createServer(guardedApi(guarded))
  const origin = await listen(http)
  const close = (): void => {
    http.close()
    http.closeAllConnections()
  }
  return { origin, close }
}

/** Somebody of a side at a client of that side, in a fresh browser unless one is named. */
export const visitOf = (
  { server }: TwoSides,
  { client, person }: Side,
  browser = openBrowser(server),
): Visit => ({ server, browser, client, person })
