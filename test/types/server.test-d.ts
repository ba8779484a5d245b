import { expectTypeOf } from 'vitest'
import { authorizationCode, builtInUsers, createAuthorizationServer } from '../../src/index.ts'
import type { MachineAuth, UserAuth } from '../../src/index.ts'
import { toNode } from '../../src/adapters/node.ts'
import { sqlite } from '../../src/store/sqlite.ts'

type Scope = 'orders:read' | 'orders:create'

const common = {
  issuer: 'https://example.com',
  secrets: { signingKeys: [], secrets: [] },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  grants: [authorizationCode()],
}
const scopes = { 'orders:read': 'See your orders', 'orders:create': 'Place orders' }
const server = createAuthorizationServer({ ...common, scopes, defaultScopes: ['orders:read'] })
const auth = toNode(server)

/** Scopes are known by name, wherever they are written. */
export function scopesAreChecked(): void {
  server.user('orders:read', 'orders:create')
  server.anyone({ anyOf: ['orders:read'] })
  // @ts-expect-error a scope that is not defined
  server.user('orders:raed')
  // @ts-expect-error a scope that is not defined
  server.machine('orders:read', 'orders:raed')
  // @ts-expect-error a scope that is not defined
  server.anyone({ anyOf: ['orders:raed'] })
  // @ts-expect-error a scope that is not defined
  auth.user('orders:raed')
  // @ts-expect-error a default that is not defined
  createAuthorizationServer({ ...common, scopes, defaultScopes: ['orders:raed'] })
  // @ts-expect-error a default does not define a scope
  createAuthorizationServer({ ...common, scopes: { a: 'A' }, defaultScopes: ['b'] })
}

/** A guard gives an answer of its own kind, or a response to send. */
export async function answersAreNarrowed(request: Request): Promise<void> {
  const user = await server.user('orders:read')(request)
  expectTypeOf(user).toEqualTypeOf<UserAuth<Scope, 'users'> | Response>()
  // @ts-expect-error it may be a response yet
  void user.user
  if (user instanceof Response) return
  expectTypeOf(user).toEqualTypeOf<UserAuth<Scope, 'users'>>()
  expectTypeOf(user.user.id).toEqualTypeOf<string>()
  user.can('orders:create')
  // @ts-expect-error a scope that is not defined
  user.can('orders:raed')

  const machine = await server.machine()(request)
  if (machine instanceof Response) return
  expectTypeOf(machine).toEqualTypeOf<MachineAuth<Scope>>()
  // @ts-expect-error nobody is signed in on a machine's route
  void machine.user

  const anyone = await server.anyone()(request)
  if (anyone instanceof Response) return
  // @ts-expect-error it may be a machine
  void anyone.user
  if (anyone.kind === 'user') expectTypeOf(anyone).toEqualTypeOf<UserAuth<Scope, 'users'>>()
  else expectTypeOf(anyone).toEqualTypeOf<MachineAuth<Scope>>()
}

/** The adapter hands the answer on, so that a listener never asks whether there is a user. */
export function listenersKnowWho(): void {
  auth.user('orders:read')(
    (request) => void expectTypeOf(request.auth).toEqualTypeOf<UserAuth<Scope, 'users'>>(),
  )
  auth.machine()((request) => void expectTypeOf(request.auth).toEqualTypeOf<MachineAuth<Scope>>())
  auth.anyone()(
    (request) =>
      void expectTypeOf(request.auth).toEqualTypeOf<UserAuth<Scope, 'users'> | MachineAuth<Scope>>(),
  )
}

/** What is missing from a configuration does not compile. */
export function configurationsAreChecked(): void {
  // @ts-expect-error without scopes
  createAuthorizationServer(common)
  // @ts-expect-error without people
  createAuthorizationServer({ ...common, users: undefined, scopes })
  // @ts-expect-error a duration of no unit
  createAuthorizationServer({ ...common, scopes, accessTokenLifetime: '15 minutes' })
  createAuthorizationServer({ ...common, scopes, accessTokenLifetime: '15m' })
}
