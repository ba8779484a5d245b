import fastify, { type FastifyTypeProvider } from 'fastify'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import Koa from 'koa'
import { expectTypeOf } from 'vitest'
import { toFastify } from '../../src/adapters/fastify.ts'
import { toHono } from '../../src/adapters/hono.ts'
import { toKoa } from '../../src/adapters/koa.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import type { Auth, MachineAuth, UserAuth } from '../../src/guard/standalone.ts'
import { createAuthorizationServer, type UserProvider } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'

type Scope = 'orders:read' | 'orders:create'
type User = UserAuth<Scope, 'users'>

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
const guard = createGuard({ issuer, revocations: 'none', scopes: ['orders:read', 'orders:create'] })

/** A schema type of a Fastify type provider such as TypeBox. */
interface Schema<Value> {
  readonly static: Value
}
interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends Schema<infer Value> ? Value : unknown
  serializer: this['schema'] extends Schema<infer Value> ? Value : unknown
}

/** A wrapper keeps the types of the route, and adds the exact result of the guard. */
export function fastifyHandlersAreTyped(): void {
  const auth = toFastify(server)
  const app = fastify()
  void app.register(auth.routes())
  void app.register(auth.routes(), { prefix: '/id' })
  app.get<{ Params: { id: string } }>(
    '/orders/:id',
    auth.user('orders:read')((request, reply) => {
      expectTypeOf(request.params).toEqualTypeOf<{ id: string }>()
      expectTypeOf(request.auth).toEqualTypeOf<User>()
      // @ts-expect-error a scope that is not defined
      request.auth.can('orders:raed')
      request.log.info('found')
      return reply.header('x-plan', 'free').send({ user: request.auth.user.id })
    }),
  )
  app.post<{ Body: { count: number }; Reply: { ok: boolean } }>(
    '/orders',
    auth.anyone()(async (request) => {
      expectTypeOf(request.body).toEqualTypeOf<{ count: number }>()
      expectTypeOf(request.auth).toEqualTypeOf<Auth<Scope, 'users'>>()
      return { ok: true }
    }),
  )
  app.get<{ Reply: { ok: boolean } }>(
    '/wrong',
    // @ts-expect-error a reply of another type
    auth.machine()((request) => ({ ok: request.auth.client.id })),
  )
  app.withTypeProvider<SchemaTypes>().get(
    '/typed/:id',
    { schema: { params: {} as Schema<{ id: number }> } },
    auth.machine()((request) => {
      expectTypeOf(request.params).toEqualTypeOf<{ id: number }>()
      expectTypeOf(request.auth).toEqualTypeOf<MachineAuth<Scope>>()
    }),
  )
  // @ts-expect-error a scope that is not defined
  auth.user('orders:raed')
}

/** A hook sets the result for any handler, which cannot know which guard it was. */
export function fastifyHooksAreTyped(): void {
  const auth = toFastify(server)
  const app = fastify({ http2: true })
  app.addHook('onRequest', auth.user())
  app.get('/orders', { onRequest: auth.user(), preHandler: [auth.anyone()] }, async (request, reply) => {
    expectTypeOf(request.auth).toEqualTypeOf<Auth | undefined>()
    expectTypeOf(await auth.currentUser(request, reply)).toEqualTypeOf<Customer | undefined>()
    await auth.startSession(request, reply, '7', { keepSignedIn: true })
    await auth.endSession(request, reply)
    // @ts-expect-error an unknown provider
    await auth.endSession(request, reply, { provider: 'partnres' })
  })
  app.get(
    '/wrapped',
    auth.user()((request) => request.auth.user.id),
  )
}

/** Handlers after a guard have its exact result, and what other middleware has set. */
export function honoHandlersAreTyped(): void {
  const auth = toHono(server)
  const app = new Hono()
  app.use(auth.routes())
  const withPlan = createMiddleware<{ Variables: { plan: 'free' } }>((_c, next) => next())
  app.get('/orders/:id', withPlan, auth.user('orders:read'), (c) => {
    expectTypeOf(c.var.auth).toEqualTypeOf<User>()
    expectTypeOf(c.get('auth')).toEqualTypeOf<User>()
    expectTypeOf(c.var.plan).toEqualTypeOf<'free'>()
    expectTypeOf(c.req.param('id')).toEqualTypeOf<string>()
    // @ts-expect-error a scope that is not defined
    c.var.auth.can('orders:raed')
    return c.json({ user: c.var.auth.user.id })
  })
  app.get('/machine', auth.machine(), (c) => {
    expectTypeOf(c.var.auth).toEqualTypeOf<MachineAuth<Scope>>()
    // @ts-expect-error a machine has no user
    return c.json(c.var.auth.user)
  })
  app.use('/account/*', auth.anyone()).get(async (c) => {
    expectTypeOf(c.var.auth).toEqualTypeOf<Auth<Scope, 'users'>>()
    expectTypeOf(await auth.currentUser(c)).toEqualTypeOf<Customer | undefined>()
    expectTypeOf(await auth.currentUser(c, { provider: 'partners' })).toExtend<{ id: unknown } | undefined>()
    await auth.startSession(c, { id: '7', provider: 'partners' }, { methods: ['otp'] })
    await auth.endSession(c, { provider: 'partners' })
    return c.body(null)
  })
  // @ts-expect-error a scope that is not defined
  auth.anyone({ anyOf: ['orders:raed'] })
}

/** Middleware after a guard has its exact result in the state. */
export function koaMiddlewareIsTyped(): void {
  const auth = toKoa(server)
  const app = new Koa<{ plan: 'free' }>()
  app.use(auth.routes())
  app.use(auth.user('orders:read')).use(async (ctx) => {
    expectTypeOf(ctx.state.auth).toEqualTypeOf<User>()
    expectTypeOf(ctx.state.plan).toEqualTypeOf<'free'>()
    // @ts-expect-error a scope that is not defined
    ctx.state.auth.can('orders:raed')
    expectTypeOf(await auth.currentUser(ctx)).toEqualTypeOf<Customer | undefined>()
    await auth.startSession(ctx, '7')
    await auth.endSession(ctx)
    ctx.body = ctx.state.auth.user.id
  })
  new Koa().use(auth.machine()).use((ctx) => {
    expectTypeOf(ctx.state.auth).toEqualTypeOf<MachineAuth<Scope>>()
  })
  // @ts-expect-error a scope that is not defined
  auth.machine('orders:raed')
}

/** Providers are checked, and their guards have their name. */
export function providersAreChecked(): void {
  toFastify(server).for('partners').user()(
    (request) => void expectTypeOf(request.auth.user.provider).toEqualTypeOf<'partners'>(),
  )
  new Hono().get('/', toHono(server).for('partners').user('orders:read'), (c) => {
    expectTypeOf(c.var.auth).toEqualTypeOf<UserAuth<Scope, 'partners'>>()
    return c.body(null)
  })
  // @ts-expect-error an unknown provider
  toKoa(server).for('partnres')
}

/** A guard outside the server has the same guards, and neither routes nor sessions. */
export function standaloneGuardsAreTyped(): void {
  toFastify(guard).user('orders:read')((request) => void expectTypeOf(request.auth).toEqualTypeOf<User>())
  toHono(guard).for('partners').machine('orders:create')
  toKoa(guard.for('partners')).user()
  // @ts-expect-error a scope that is not listed
  toHono(guard).user('orders:raed')
  // @ts-expect-error a guard has no endpoints
  void toFastify(guard).routes
  // @ts-expect-error a guard has no endpoints
  void toHono(guard).routes
  // @ts-expect-error a guard knows no sessions
  void toKoa(guard).currentUser
}
