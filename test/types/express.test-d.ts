import express from 'express'
import { expectTypeOf } from 'vitest'
import { toExpress } from '../../src/adapters/express.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import type { Auth, MachineAuth, UserAuth } from '../../src/guard/standalone.ts'
import { createAuthorizationServer, type UserProvider } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'

type Scope = 'orders:read' | 'orders:create'

/** A user of the app, with more than an ID. */
interface Customer {
  readonly id: string
  readonly plan: 'free' | 'paid'
}

declare const users: UserProvider<Customer>
declare const partners: UserProvider

const issuer = 'https://id.example.com'
const server = createAuthorizationServer({
  issuer,
  secrets: { signingKeys: [], secrets: [] },
  store: sqlite(':memory:'),
  users,
  providers: { partners },
  scopes: { 'orders:read': 'See your orders', 'orders:create': 'Place orders' },
  grants: [],
})
const auth = toExpress(server)
const app = express()

/** A wrapper passes the exact result of the guard to its handler. */
export function wrappersAreExact(): void {
  app.get(
    '/orders/:id',
    auth.user('orders:read')((request, response, next) => {
      expectTypeOf(request.auth).toEqualTypeOf<UserAuth<Scope, 'users'>>()
      request.auth.can('orders:create')
      // @ts-expect-error a scope that is not defined
      request.auth.can('orders:raed')
      const id: string | undefined = request.params['id']
      response.status(201).json({ id, agent: request.get('user-agent'), query: request.query })
      next()
    }),
  )
  app.get(
    '/orders/:id',
    auth.user()<{ id: string }>(({ params }, response) => void response.json(params.id)),
  )
  app.get(
    '/machine',
    auth.machine('orders:read')(async ({ auth: machine }) => {
      expectTypeOf(machine).toEqualTypeOf<MachineAuth<Scope>>()
    }),
  )
  app.get(
    '/anyone',
    auth.anyone({ anyOf: ['orders:read'] })(({ auth: caller }) => {
      expectTypeOf(caller).toEqualTypeOf<Auth<Scope, 'users'>>()
    }),
  )
}

/** Middleware leaves the types of Express alone: the parameters come from the path. */
export function middlewareKeepsThePath(): void {
  app.use(auth.routes())
  app.use('/id', auth.routes())
  app.use(auth.user())
  express.Router().use('/orders', auth.user('orders:read'))
  app.get('/orders/:id/items/:item', auth.user('orders:read'), (request, response) => {
    expectTypeOf(request.params).toEqualTypeOf<{ id: string } & { item: string }>()
    expectTypeOf(request.auth).toEqualTypeOf<Auth | undefined>()
    // @ts-expect-error no such parameter
    response.json(request.params.order)
  })
  app.post('/orders', express.json(), auth.user(), async (request, response) => {
    response.json(request.auth?.client.id)
  })
}

/** Misspelled scopes and providers do not compile. */
export function namesAreChecked(): void {
  // @ts-expect-error a scope that is not defined
  auth.user('orders:raed')
  // @ts-expect-error the same as middleware
  app.get('/orders', auth.machine('orders:raed'))
  auth.for('partners').user('orders:read')((request) => {
    expectTypeOf(request.auth.user.provider).toEqualTypeOf<'partners'>()
  })
  // @ts-expect-error an unknown provider
  auth.for('partner')
}

/** The current user has the type of the app's own users. */
export function usersAreTyped(): void {
  app.get('/', async (request, response) => {
    expectTypeOf(await auth.currentUser(request, response)).toEqualTypeOf<Customer | undefined>()
    await auth.startSession(request, response, '7', { keepSignedIn: true, methods: ['hwk'] })
    await auth.endSession(request, response, { provider: 'partners' })
  })
}

/** A standalone guard has guards, and neither routes nor sessions. */
export function guardsHaveNoRoutes(): void {
  const guard = toExpress(createGuard({ issuer, revocations: 'none', scopes: ['orders:read'] }))
  guard.user('orders:read')
  guard.for('customers').user()
  // @ts-expect-error a scope that is not defined
  guard.user('orders:create')
  // @ts-expect-error only a server has endpoints
  expectTypeOf(guard.routes).toBeFunction()
}
