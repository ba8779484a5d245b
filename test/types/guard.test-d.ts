import { expectTypeOf } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import type { MachineAuth, UserAuth } from '../../src/guard/standalone.ts'

type Scope = 'orders:read' | 'orders:create'

const issuer = 'https://id.example.com'
const revocations = { clientId: 'orders', clientSecret: 'secret' }
const guard = createGuard({ issuer, revocations, scopes: ['orders:read', 'orders:create'] })
const auth = toNode(guard)

/** A guard accepts only its listed scopes. If it lists none, it accepts any string. */
export function scopesAreChecked(): void {
  guard.user('orders:read', 'orders:create')
  guard.anyone({ anyOf: ['orders:read'] })
  // @ts-expect-error a scope that is not listed
  guard.machine('orders:raed')
  // @ts-expect-error a scope that is not listed
  auth.user('orders:raed')
  createGuard({ issuer, revocations: 'none', scopeInheritance: true }).user('orders:raed')
  // @ts-expect-error neither true nor false
  createGuard({ issuer, revocations: 'none', scopeInheritance: 'yes' })
}

/** Claims that the server adds have the types of a type parameter. Each may be missing. */
export async function claimsAreTyped(request: Request): Promise<void> {
  const typed = createGuard<'orders:read', 'users', { tenant: string }>({ issuer, revocations })
  const granted = await typed.user('orders:read')(request)
  if (granted instanceof Response) return
  expectTypeOf(granted.claims).toEqualTypeOf<Readonly<Partial<{ tenant: string }>>>()
  // @ts-expect-error a misspelled claim
  void granted.claims.tennant
  toNode(typed).user()((incoming) => {
    expectTypeOf(incoming.auth.claims.tenant).toEqualTypeOf<string | undefined>()
  })
  const untyped = await guard.user()(request)
  if (!(untyped instanceof Response)) expectTypeOf(untyped.claims['tenant']).toEqualTypeOf<unknown>()
}

/** Options of routes and of metadata are checked. */
export function resourcesAreChecked(): void {
  guard.user({ resource: 'https://orders.example', allOf: ['orders:read'] })
  guard.machine({ resource: ['https://orders.example', 'https://stock.example'] }, 'orders:read')
  // @ts-expect-error a misspelled option
  guard.user({ resorce: 'https://orders.example' })
  // @ts-expect-error a scope that is not listed
  guard.user({ resource: 'https://orders.example' }, 'orders:raed')
  const audience = ['https://orders.example', 'https://stock.example']
  createGuard({ issuer, revocations, audience, resourceMetadata: {} })
  const scopes = ['orders:read'] as const
  // @ts-expect-error a scope that is not listed
  createGuard({ issuer, revocations, scopes, resourceMetadata: { scopes: ['orders:raed'] } })
}

/** The option `revocations` is required. */
export function revocationsAreChosen(): void {
  // @ts-expect-error neither a credential nor 'none'
  createGuard({ issuer })
  // @ts-expect-error a credential without its secret
  createGuard({ issuer, revocations: { clientId: 'orders' } })
}

/** A guard returns the type of its caller, or a response to send. It has no routes. */
export async function answersAreNarrowed(request: Request): Promise<void> {
  expectTypeOf(await guard.user('orders:read')(request)).toEqualTypeOf<UserAuth<Scope, 'users'> | Response>()
  expectTypeOf(await guard.machine()(request)).toEqualTypeOf<MachineAuth<Scope> | Response>()
  auth.user('orders:read')((incoming) => {
    expectTypeOf(incoming.auth).toEqualTypeOf<UserAuth<Scope, 'users'>>()
    // @ts-expect-error a scope that is not listed
    incoming.auth.cannot('orders:raed')
  })
  // @ts-expect-error a guard has no endpoints
  void auth.routes
}

/** The type of a guard includes its provider. Any name is allowed, because only the server has the list of providers. */
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
    // @ts-expect-error another provider
    return void (incoming.auth.user.provider === 'users')
  })
}
