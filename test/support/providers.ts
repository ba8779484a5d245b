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

/** The two user providers: `users` is the default one. */
export type ProviderName = 'users' | 'customers'

/** A user provider with a user, a client, and an API behind its guard. */
export interface ProviderSetup {
  readonly name: ProviderName
  readonly user: TestUser
  readonly client: TestClient
  readonly signIn: string
  readonly signOut: string
  /** Calls the API of this provider. */
  callApi(path: string, token: string): Promise<JsonResponse>
}

/** A server with two user providers. Both have a user with the same ID and user name. */
export interface TwoProviders extends AsyncDisposable {
  readonly server: TestServer
  readonly customers: UserTable
  readonly sides: Readonly<Record<ProviderName, ProviderSetup>>
  /** Adds a user to each provider, with the same ID and user name and different passwords. */
  addUsersWithSameId(): Promise<Readonly<Record<ProviderName, TestUser>>>
}

/** Starts a server with two user providers. */
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
      callApi: (path, token) => callApi(server, path, token),
    },
    customers: {
      name: 'customers',
      user: twins.customers,
      client: await server.addClient({ name: 'Shop', provider: 'customers' }),
      signIn: server.endpoint('/login/customers'),
      signOut: server.endpoint('/logout/customers'),
      callApi: (path, token) => callApi({ ...server, origin: shop.origin }, path, token),
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

/** Serves the guarded API of the tests. */
export async function serveGuardedApi(guarded: Guards<TestScope>) {
  const http = createServer(guardedApi(guarded))
  const origin = await listen(http)
  const close = (): void => {
    http.close()
    http.closeAllConnections()
  }
  return { origin, close }
}

/** Returns the code flow of a provider's user and client, by default in a new browser. */
export const codeFlowOf = (
  { server }: TwoProviders,
  { client, user }: ProviderSetup,
  browser = openBrowser(server),
): CodeFlow => ({ server, browser, client, user })
