import { expectTypeOf } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import { createGuard } from '../../src/guard/alone.ts'
import type { MachineAuth, UserAuth } from '../../src/guard/alone.ts'

type Scope = 'orders:read' | 'orders:create'

const issuer = 'https://id.example.com'
const revocations = { clientId: 'orders', clientSecret: 'secret' }
const guard = createGuard({ issuer, revocations, scopes: ['orders:read', 'orders:create'] })
const auth = toNode(guard)

/** Scopes are known by name where they are listed, and any text where they are not. */
export function scopesAreChecked(): void {
  guard.user('orders:read', 'orders:create')
  guard.anyone({ anyOf: ['orders:read'] })
  // @ts-expect-error a scope that is not listed
  guard.machine('orders:raed')
  // @ts-expect-error a scope that is not listed
  auth.user('orders:raed')
  createGuard({ issuer, revocations: 'none' }).user('orders:raed')
}

/** To follow revocations or not has to be said. */
export function revocationsAreChosen(): void {
  // @ts-expect-error neither a credential nor 'none'
  createGuard({ issuer })
  // @ts-expect-error a credential without its secret
  createGuard({ issuer, revocations: { clientId: 'orders' } })
}

/** A guard gives an answer of its own kind, or a response to send; a server's routes are not its own. */
export async function answersAreNarrowed(request: Request): Promise<void> {
  expectTypeOf(await guard.user('orders:read')(request)).toEqualTypeOf<UserAuth<Scope, 'users'> | Response>()
  expectTypeOf(await guard.machine()(request)).toEqualTypeOf<MachineAuth<Scope> | Response>()
  auth.user('orders:read')((incoming) => {
    expectTypeOf(incoming.auth).toEqualTypeOf<UserAuth<Scope, 'users'>>()
  })
  // @ts-expect-error it has no endpoints
  void auth.routes
}
