import { expectTypeOf } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import type { AuthorizationServer, Guards, UserAuth } from '../../src/index.ts'
import { testClient, createTestGuard } from '../../src/testing/index.ts'

type Scope = 'orders:read' | 'orders:create'

declare const server: AuthorizationServer<Scope>
declare function createApi(guard: Guards<Scope>): void

const guard = createTestGuard({ scopes: ['orders:read', 'orders:create'] })

/** Scopes are known by name where they are listed, at the routes and in the hands of those who call them. */
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
}

/** What takes a server takes the guard of a test; it has no endpoints, and is no server. */
export function itStandsInForAServer(): void {
  createApi(server)
  createApi(guard)
  createApi(createTestGuard<Scope>())
  createApi(createTestGuard())
  // @ts-expect-error a guard of other scopes
  createApi(createTestGuard({ scopes: ['profile'] }))
  // @ts-expect-error it has no endpoints
  void toNode(guard).routes
}

/** A person is an id or anything that has one; a client likewise. */
export function whoItIs(): void {
  guard.actingAs({ id: 7, provider: 'customers' }, [], { client: { id: 'web' }, sessionId: 'laptop' })
  // @ts-expect-error an id by itself is text, as everywhere
  guard.actingAs(7)
  // @ts-expect-error nobody in particular
  guard.actingAs(undefined)
}

/** Whose people it lets in is part of its type. */
export async function providersAreKnown(request: Request): Promise<void> {
  type Customer = UserAuth<Scope, 'customers'>
  expectTypeOf(await guard.user()(request)).toEqualTypeOf<UserAuth<Scope, 'users'> | Response>()
  expectTypeOf(await guard.for('customers').user()(request)).toEqualTypeOf<Customer | Response>()
  const shop = createTestGuard({ scopes: ['orders:read', 'orders:create'], provider: 'customers' })
  expectTypeOf(await shop.user()(request)).toEqualTypeOf<Customer | Response>()
}

/** A kind of client is one of a few words, and what is changed of it is what a client has. */
export function clientsAreRegistrations(): void {
  void server.clients.create(testClient('machine', { scopes: ['orders:read'] }))
  // @ts-expect-error no such kind
  testClient('robot')
  // @ts-expect-error no such option
  testClient('web', { redirectUri: 'https://app.example/callback' })
}
