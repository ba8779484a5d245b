import { expectTypeOf } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import type { MachineAuth, UserAuth } from '../../src/guard/standalone.ts'

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

/** Whose people a guard lets in is part of its type. It knows no list of providers: that is the server's. */
export async function providersAreKnown(request: Request): Promise<void> {
  const shop = createGuard({
    issuer,
    revocations,
    scopes: ['orders:read', 'orders:create'],
    provider: 'customers',
  })
  expectTypeOf(await shop.user()(request)).toEqualTypeOf<UserAuth<Scope, 'customers'> | Response>()
  const partners = guard.for('partners')
  expectTypeOf(await partners.user('orders:read')(request)).toEqualTypeOf<
    UserAuth<Scope, 'partners'> | Response
  >()
  // @ts-expect-error a scope that is not listed
  partners.user('orders:raed')
  toNode(partners).user()((incoming) => {
    expectTypeOf(incoming.auth.user.provider).toEqualTypeOf<'partners'>()
    // @ts-expect-error there is no such provider here
    return void (incoming.auth.user.provider === 'users')
  })
}
