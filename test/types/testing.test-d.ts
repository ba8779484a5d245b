import { expectTypeOf } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import type { AuthorizationServer, Guards, UserAuth } from '../../src/index.ts'
import { testClient, createTestGuard } from '../../src/testing/index.ts'

type Scope = 'orders:read' | 'orders:create'

declare const server: AuthorizationServer<Scope>
declare function createApi(guard: Guards<Scope>): void

const guard = createTestGuard({ scopes: ['orders:read', 'orders:create'] })

/** Only listed scopes are accepted, in guards and in the tokens of tests. */
export function scopesAreChecked(): void {
  guard.user('orders:read')
  guard.actingAs('7', ['orders:read', '*'])
  guard.actingAsClient('importer', ['orders:create'])
  // @ts-expect-error a scope that is not listed
  guard.user('orders:raed')
  // @ts-expect-error a scope that is not listed
  guard.actingAs('7', ['orders:raed'])
  // @ts-expect-error a scope that is not listed
  guard.actingAsClient('importer', ['orders:raed'])
  // @ts-expect-error a scope that is not listed
  guard.tokenFor('7', ['orders:raed'])
  // @ts-expect-error a scope that is not listed
  guard.tokenForClient('importer', ['orders:raed'])
  // @ts-expect-error a scope that is not listed
  createTestGuard<Scope>().actingAs('7', ['orders:raed'])
  createTestGuard().actingAs('7', ['orders:raed'])
  createTestGuard({ scopes: ['orders', 'orders:read'], scopeInheritance: true })
}

/** A test guard can be passed in place of a server's guards. It has no endpoints. */
export function testGuardsReplaceServers(): void {
  createApi(server)
  createApi(guard)
  createApi(createTestGuard<Scope>())
  createApi(createTestGuard())
  // @ts-expect-error a guard of other scopes
  createApi(createTestGuard({ scopes: ['profile'] }))
  // @ts-expect-error a guard has no endpoints
  void toNode(guard).routes
}

/** A user or client is an ID, or an object with one. */
export function usersAndClientsAreChecked(): void {
  guard.actingAs({ id: 7, provider: 'customers' }, [], { client: { id: 'web' }, sessionId: 'laptop' })
  // @ts-expect-error a plain ID is a string
  guard.actingAs(7)
  // @ts-expect-error no user
  guard.actingAs(undefined)
}

/** The type of a test guard includes its provider. */
export async function providersAreKnown(request: Request): Promise<void> {
  type Customer = UserAuth<Scope, 'customers'>
  expectTypeOf(await guard.user()(request)).toEqualTypeOf<UserAuth<Scope, 'users'> | Response>()
  expectTypeOf(await guard.for('customers').user()(request)).toEqualTypeOf<Customer | Response>()
  const shop = createTestGuard({ scopes: ['orders:read', 'orders:create'], provider: 'customers' })
  const user = await shop.user()(request)
  expectTypeOf(user).toEqualTypeOf<Customer | Response>()
  if (user instanceof Response) return
  user.cannot('orders:read')
  // @ts-expect-error a scope that is not listed
  user.cannot('orders:raed')
}

/** The kind and the options of a test client are checked. */
export function clientsAreRegistrations(): void {
  void server.clients.create(testClient('machine', { scopes: ['orders:read'] }))
  // @ts-expect-error no such kind
  testClient('robot')
  // @ts-expect-error no such option
  testClient('web', { redirectUri: 'https://app.example/callback' })
}
