import { createServer } from 'node:http'
import type { Guards } from '../../src/index.ts'
import { guardedApi } from './api.ts'
import { openBrowser } from './browser.ts'
import type { TestConfig, TestScope } from './config.ts'
import { createUserTable } from './user-table.ts'
import type { UserTable } from './user-table.ts'
import { callApi } from './oauth-client.ts'
import type { JsonResponse, CodeFlow } from './oauth-client.ts'
import { listen, startServer } from './server.ts'
import type { TestUser, TestClient, TestServer } from './server.ts'

/** Which of two providers somebody is of: `users` is the server's own, `customers` the other. */
export type ProviderName = 'users' | 'customers'

/** One provider's people: somebody of theirs, a client for them, and an API behind their guard. */
export interface ProviderSetup {
  readonly name: ProviderName
  readonly user: TestUser
  readonly client: TestClient
  readonly signIn: string
  readonly signOut: string
  /** Asks the API of this side's people. */
  ask(path: string, token: string): Promise<JsonResponse>
}

/** A server with two providers, in both of which there is somebody with the same id and the same user name. */
export interface TwoProviders extends AsyncDisposable {
  readonly server: TestServer
  readonly customers: UserTable
  readonly sides: Readonly<Record<ProviderName, ProviderSetup>>
  /** Two more people with one id and one name, who differ by their passwords. */
  addUsersWithSameId(): Promise<Readonly<Record<ProviderName, TestUser>>>
}

/** Starts a server for two sides. */
export async function startTwoProviders(options: Partial<TestConfig> = {}): Promise<TwoProviders> {
  const customers = createUserTable()
  const server = await startServer({ ...options, providers: { customers: customers.provider } })
  const addUsersWithSameId = async (): Promise<Readonly<Record<ProviderName, TestUser>>> => {
    const user = await server.addUser()
    const password = server.knownSecrets.add('password', `${user.password} staple`)
    const customer = { ...user, password }
    customers.users.set(customer.id, customer)
    return { users: user, customers: customer }
  }
  const twins = await addUsersWithSameId()
  const shop = await serveGuardedApi(server.server.for('customers'))
  const sides: TwoProviders['sides'] = {
    users: {
      name: 'users',
      user: twins.users,
      client: await server.addClient({ name: 'Staff room' }),
      signIn: server.endpoint('/login'),
      signOut: server.endpoint('/logout'),
      ask: (path, token) => callApi(server, path, token),
    },
    customers: {
      name: 'customers',
      user: twins.customers,
      client: await server.addClient({ name: 'Shop', provider: 'customers' }),
      signIn: server.endpoint('/login/customers'),
      signOut: server.endpoint('/logout/customers'),
      ask: (path, token) => callApi({ ...server, origin: shop.origin }, path, token),
    },
  }
  return {
    server,
    customers,
    sides,
    addUsersWithSameId,
    async [Symbol.asyncDispose]() {
      shop.close()
      await server.close()
    },
  }
}

/** Serves the API of the tests behind any guard. */
export async function serveGuardedApi(guarded: Guards<TestScope>) {
  const http = createServer(guardedApi(guarded))
  const origin = await listen(http)
  const close = (): void => {
    http.close()
    http.closeAllConnections()
  }
  return { origin, close }
}

/** Somebody of a side at a client of that side, in a fresh browser unless one is named. */
export const codeFlowOf = (
  { server }: TwoProviders,
  { client, user }: ProviderSetup,
  browser = openBrowser(server),
): CodeFlow => ({ server, browser, client, user })
