import type { IncomingMessage, RequestListener } from 'node:http'
import type { Express, NextFunction, Request as ExpressRequest } from 'express'
import { type } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  authorizationCode,
  type AuthorizationServer,
  type BaseUser,
  type BuiltInUser,
  builtInUsers,
  chooseScopes,
  createAuthorizationServer,
  type DescribedScope,
  type Grant,
  type MachineAuth,
  OAuthError,
  permit,
  refuse,
  type UserAuth,
  type UserProvider,
} from '../../src/index.ts'
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

/** Claims have the types that `tokenClaims` returns, which receives the user of the provider. */
export async function claimsAreTyped(request: Request): Promise<void> {
  const typed = createAuthorizationServer({
    ...common,
    scopes,
    async tokenClaims({ user, provider, client, scopes: granted }) {
      expectTypeOf(user).toEqualTypeOf<BuiltInUser | undefined>()
      expectTypeOf(provider).toEqualTypeOf<'users' | undefined>()
      expectTypeOf(granted).toEqualTypeOf<readonly (Scope | '*')[]>()
      return { tenant: user?.email ?? '', plan: client?.name, seats: 5 }
    },
    tokenResponse: ({ user, tokenId }) => ({ email: user?.email, tokenId }),
  })
  const granted = await typed.anyone('orders:read')(request)
  if (granted instanceof Response) return
  expectTypeOf(granted.claims.tenant).toEqualTypeOf<string | undefined>()
  expectTypeOf(granted.claims.seats).toEqualTypeOf<number | undefined>()
  // @ts-expect-error a misspelled claim
  void granted.claims.tennant
  toNode(typed).machine()((incoming) => {
    expectTypeOf(incoming.auth.claims.tenant).toEqualTypeOf<string | undefined>()
  })
  const anyServer: AuthorizationServer<Scope> = typed
  void anyServer
  // @ts-expect-error not an object
  createAuthorizationServer({ ...common, scopes, tokenClaims: () => 'tenant' })
  createAuthorizationServer({
    ...common,
    scopes,
    providers: {
      customers: {
        find: async (id: string) => ({ id }),
        findByUsername: async () => undefined,
        verifyPassword: async () => false,
      },
    },
    tokenClaims(info) {
      if (info.provider === 'users') expectTypeOf(info.user).toEqualTypeOf<BuiltInUser>()
      if (info.provider === 'customers') expectTypeOf(info.user).toEqualTypeOf<BaseUser>()
      return {}
    },
  })
}

/** The fields of clients have the types of the schema: what it accepts when they are written, what it returns when they are read. */
export async function clientFieldsAreTyped(): Promise<void> {
  const typed = createAuthorizationServer({
    ...common,
    scopes,
    clientFields: z.strictObject({
      plan: z.enum(['free', 'pro']).default('free'),
      since: z.iso
        .date()
        .transform((text) => new Date(text))
        .optional(),
    }),
    clients: [{ id: 'shop', name: 'Shop', fields: { plan: 'pro' } }],
    skipsConsent: ({ client }) => client.fields.plan === 'pro',
    tokenClaims: ({ client }) => ({ plan: client?.fields.plan ?? 'free' }),
  })
  const { client } = await typed.clients.create({ name: 'App', fields: { since: '2026-01-01', plan: null } })
  expectTypeOf(client.fields.plan).toEqualTypeOf<'free' | 'pro'>()
  expectTypeOf(client.fields.since).toEqualTypeOf<Date | undefined>()
  const updated = await typed.clients.update(client.id, { fields: { plan: 'pro' } })
  expectTypeOf(updated?.fields.plan).toEqualTypeOf<'free' | 'pro' | undefined>()
  // @ts-expect-error not one of its values
  await typed.clients.update(client.id, { fields: { plan: 'gold' } })
  // @ts-expect-error a misspelled field
  await typed.clients.create({ name: 'App', fields: { plna: 'pro' } })
  // @ts-expect-error a misspelled field
  void client.fields.plna
  const byValibot = createAuthorizationServer({
    ...common,
    scopes,
    clientFields: v.object({ plan: v.optional(v.picklist(['free', 'pro']), 'free') }),
  })
  expectTypeOf((await byValibot.clients.find('a'))?.fields.plan).toEqualTypeOf<'free' | 'pro' | undefined>()
  const byArkType = createAuthorizationServer({
    ...common,
    scopes,
    clientFields: type({ plan: "'free'|'pro' = 'free'" }),
  })
  expectTypeOf((await byArkType.clients.find('a'))?.fields.plan).toEqualTypeOf<'free' | 'pro' | undefined>()
  const anyServer: AuthorizationServer<Scope> = typed
  void anyServer
  void toNode(typed).routes()
  const unknown = await server.clients.find('shop')
  if (unknown) expectTypeOf(unknown.fields['plan']).toEqualTypeOf<unknown>()
  createAuthorizationServer({
    ...common,
    scopes,
    clientFields: z.object({ plan: z.enum(['free']).default('free') }),
    // @ts-expect-error not one of its values
    clients: [{ id: 'shop', name: 'Shop', fields: { plan: 'gold' } }],
  })
}

/** Scopes are checked everywhere. */
export function scopesAreChecked(): void {
  server.user('orders:read', 'orders:create')
  server.anyone({ anyOf: ['orders:read'] })
  auth.user({ allOf: ['orders:create'], strict: true })
  // @ts-expect-error a scope that is not defined
  server.user({ allOf: ['orders:raed'], strict: true })
  // @ts-expect-error neither true nor false
  server.user({ strict: 'always' })
  // @ts-expect-error a scope that is not defined
  server.user('orders:raed')
  // @ts-expect-error a scope that is not defined
  server.machine('orders:read', 'orders:raed')
  // @ts-expect-error a scope that is not defined
  server.anyone({ anyOf: ['orders:raed'] })
  // @ts-expect-error a scope that is not defined
  auth.user('orders:raed')
  createAuthorizationServer({
    ...common,
    scopes,
    skipsConsent: ({ client, user, scopes: requested }) =>
      client.id === user.id && !requested.includes('orders:create'),
  })
  createAuthorizationServer({
    ...common,
    scopes,
    // @ts-expect-error a scope that is not defined
    skipsConsent: (request) => request.scopes.includes('orders:raed'),
  })
  // @ts-expect-error not a boolean
  createAuthorizationServer({ ...common, scopes, skipsConsent: () => 'yes' })
  // @ts-expect-error a default that is not defined
  createAuthorizationServer({ ...common, scopes, defaultScopes: ['orders:raed'] })
  const resource = { uri: 'https://mcp.example/mcp', name: 'Orders MCP' }
  createAuthorizationServer({ ...common, scopes, resources: [resource, 'https://stock.example'] })
  createAuthorizationServer({ ...common, scopes, resources: [{ ...resource, scopes: ['orders:read'] }] })
  // @ts-expect-error a scope that is not defined
  createAuthorizationServer({ ...common, scopes, resources: [{ ...resource, scopes: ['orders:raed'] }] })
  server.user({ resource: resource.uri, allOf: ['orders:read'] })
  auth.machine({ resource: [resource.uri, 'https://stock.example'] }, 'orders:read')
  // @ts-expect-error a misspelled option
  auth.user({ resorce: resource.uri })
  // @ts-expect-error a default does not define a scope
  createAuthorizationServer({ ...common, scopes: { a: 'A' }, defaultScopes: ['b'] })
  const crm = { id: 'crm', url: 'https://crm.example/hooks', secret: process.env['SECRET'] }
  createAuthorizationServer({
    ...common,
    scopes,
    webhooks: { endpoints: [crm, { ...crm, events: 'all' }, { ...crm, events: ['session.started'] }] },
  })
  const events = ['session.start'] as const
  // @ts-expect-error a misspelled event
  createAuthorizationServer({ ...common, scopes, webhooks: { endpoints: [{ ...crm, events }] } })
  // @ts-expect-error a misspelled option
  createAuthorizationServer({ ...common, scopes, webhooks: { endpoints: [{ ...crm, event: 'all' }] } })
}

/** A scope is a sentence or an object, and its ID is inferred either way. */
export async function scopesWithOptions(request: Request, id: string): Promise<void> {
  const shop = createAuthorizationServer({
    ...common,
    scopes: {
      orders: { description: { en: 'Manage your orders', vi: 'Quản lý đơn hàng của bạn' }, required: true },
      'orders:read': 'See your orders',
      admin: { description: 'Administer the shop', firstPartyOnly: true },
    },
    scopeInheritance: true,
    defaultScopes: ['orders:read'],
  })
  type ShopScope = 'orders' | 'orders:read' | 'admin'
  expectTypeOf(shop.scopes).toEqualTypeOf<readonly ShopScope[]>()
  expectTypeOf(shop.scopesFor([id], { languages: ['vi'] })).toEqualTypeOf<
    readonly DescribedScope<ShopScope>[]
  >()
  if (shop.hasScope(id)) expectTypeOf(id).toEqualTypeOf<ShopScope | '*'>()
  const user = await shop.user({ anyOf: ['orders', 'admin'] })(request)
  if (user instanceof Response) return
  user.can('admin')
  // @ts-expect-error a scope that is not defined
  user.cannot('orders:create')
  // @ts-expect-error a misspelled option
  createAuthorizationServer({ ...common, scopes: { a: { description: 'A', firstParty: true } } })
  // @ts-expect-error no description
  createAuthorizationServer({ ...common, scopes: { a: { required: true } } })
}

/** A guard returns its own kind of result, or a response. */
export async function answersAreNarrowed(request: Request): Promise<void> {
  const user = await server.user('orders:read')(request)
  expectTypeOf(user).toEqualTypeOf<UserAuth<Scope, 'users'> | Response>()
  // @ts-expect-error it may still be a response
  void user.user
  if (user instanceof Response) return
  expectTypeOf(user).toEqualTypeOf<UserAuth<Scope, 'users'>>()
  expectTypeOf(user.user.id).toEqualTypeOf<string>()
  user.can('orders:create')
  user.cannot('orders:create')
  // @ts-expect-error a scope that is not defined
  user.can('orders:raed')
  // @ts-expect-error a scope that is not defined
  user.cannot('orders:raed')

  const machine = await server.machine()(request)
  if (machine instanceof Response) return
  expectTypeOf(machine).toEqualTypeOf<MachineAuth<Scope>>()
  // @ts-expect-error a machine's request has no user
  void machine.user

  const anyone = await server.anyone()(request)
  if (anyone instanceof Response) return
  // @ts-expect-error it may be a machine
  void anyone.user
  if (anyone.kind === 'user') expectTypeOf(anyone).toEqualTypeOf<UserAuth<Scope, 'users'>>()
  else expectTypeOf(anyone).toEqualTypeOf<MachineAuth<Scope>>()
}

/** An adapter passes the result with its type, so listeners don't check whether there is a user. */
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

/** A declared client can have defined scopes and `*`, and a provider of the configuration. */
export function declaredClientsAreChecked(): void {
  const shop = { id: 'shop', name: 'Shop' }
  const declare = { ...common, scopes: { 'orders:read': 'See your orders' } }
  createAuthorizationServer({ ...declare, clients: [{ ...shop, scopes: ['orders:read', '*'] }] })
  // @ts-expect-error a scope that is not defined
  createAuthorizationServer({ ...declare, clients: [{ ...shop, scopes: ['orders:raed'] }] })
  // @ts-expect-error an unknown provider
  createAuthorizationServer({ ...declare, clients: [{ ...shop, provider: 'staff' }] })
  // @ts-expect-error without an id
  createAuthorizationServer({ ...declare, clients: [{ name: 'Shop' }] })
}

/** A personal access token can have defined scopes and `*`. */
export async function personalTokensAreChecked(): Promise<void> {
  const { token } = await server.personalTokens.create('1', { name: 'a', scopes: ['orders:read', '*'] })
  expectTypeOf(token.lastUsedAt).toEqualTypeOf<number | null>()
  await server.personalTokens.create({ id: 7, provider: 'users' }, { name: 'a', expiresIn: '30d' })
  await server.personalTokens.create({ id: 7n }, { name: 'a' })
  // @ts-expect-error a scope that is not defined
  await server.personalTokens.create('1', { name: 'a', scopes: ['orders:raed'] })
  // @ts-expect-error without a name
  await server.personalTokens.create('1', {})
  // @ts-expect-error an invalid duration
  await server.personalTokens.create('1', { name: 'a', expiresIn: 'a month' })
  const anyServer: AuthorizationServer = server
  await anyServer.personalTokens.create('1', { name: 'a', scopes: ['whatever'] })
}

/** The current user has the type of the app's own users. Users of other providers have the fields that all users have. */
export async function currentUsersAreTyped(request: Request, message: IncomingMessage): Promise<void> {
  const find = async (): Promise<{ id: string; plan: 'free' | 'paid' } | undefined> => undefined
  const users = { find, findByUsername: find, verifyPassword: async () => false }
  const two = createAuthorizationServer({ ...common, users, scopes, providers: { staff: users } })
  const current = await two.sessions.current(request)
  expectTypeOf(current?.user.plan).toEqualTypeOf<'free' | 'paid' | undefined>()
  expectTypeOf(current?.session.methods).toEqualTypeOf<readonly string[] | undefined>()
  expectTypeOf(current?.cookies).toEqualTypeOf<readonly string[] | undefined>()
  const named = await two.sessions.current(message, { provider: 'users' })
  expectTypeOf(named?.user.plan).toEqualTypeOf<'free' | 'paid' | undefined>()
  const other = await two.sessions.current({ headers: {}, peer: '::1' }, { provider: 'staff' })
  expectTypeOf(other?.user).toEqualTypeOf<BaseUser | undefined>()
  // @ts-expect-error a provider that does not exist
  await two.sessions.current(request, { provider: 'customers' })
  // @ts-expect-error a request has headers
  await two.sessions.start('1', { request: {} })
  expectTypeOf((await server.sessions.current(request))?.user).toEqualTypeOf<BuiltInUser | undefined>()
  const anyServer: AuthorizationServer = two
  expectTypeOf((await anyServer.sessions.current(request))?.user.id).toEqualTypeOf<
    bigint | string | number | undefined
  >()
  toNode(two).routes()
}

/** Returned rows contain no hashes, so they can be sent to a browser. */
export async function rowsContainNoHashes(): Promise<void> {
  const [client] = await server.clients.list()
  // @ts-expect-error no hashes of client secrets
  void client?.secrets
  // @ts-expect-error not even for a client that was just registered
  void (await server.clients.create({ name: 'Shop' })).client.secrets
  const [session] = await server.sessions.list('1')
  // @ts-expect-error no hash of the cookie
  void session?.cookieHash
  const [authorization] = await server.authorizations.list('1')
  // @ts-expect-error no hash of the seed
  void authorization?.seedHash
}

/** Required options are checked. */
export function configurationsAreChecked(): void {
  // @ts-expect-error without scopes
  createAuthorizationServer(common)
  // @ts-expect-error without users
  createAuthorizationServer({ ...common, users: undefined, scopes })
  // @ts-expect-error an invalid duration
  createAuthorizationServer({ ...common, scopes, accessTokenLifetime: '15 minutes' })
  createAuthorizationServer({ ...common, scopes, accessTokenLifetime: '15m' })
  // @ts-expect-error a page that does not exist
  createAuthorizationServer({ ...common, scopes, accountPages: ['device'] })
  // @ts-expect-error a place is a text
  createAuthorizationServer({ ...common, scopes, locate: () => ({ city: 'Berlin' }) })
  const locate = async (_address: string) => undefined
  createAuthorizationServer({ ...common, scopes, accountPages: ['devices', 'tokens'], locate })
}

/** Only configured providers are accepted, and a guard returns users of its provider only. */
export async function providersAreChecked(request: Request): Promise<void> {
  const users: UserProvider = {
    find: async () => undefined,
    findByUsername: async () => undefined,
    verifyPassword: async () => false,
  }
  const two = createAuthorizationServer({
    ...common,
    scopes,
    provider: 'staff',
    providers: { customers: users },
  })
  // @ts-expect-error an unknown provider
  two.for('customres')
  // @ts-expect-error the default provider has another name
  two.for('users')
  // @ts-expect-error there is only one provider
  server.for('customers')
  // @ts-expect-error built-in users can only be the default provider
  createAuthorizationServer({ ...common, scopes, providers: { customers: builtInUsers() } })

  const customer = await two.for('customers').user('orders:read')(request)
  expectTypeOf(customer).toEqualTypeOf<UserAuth<Scope, 'customers'> | Response>()
  expectTypeOf(await two.for('staff').user()(request)).toEqualTypeOf<UserAuth<Scope, 'staff'> | Response>()
  expectTypeOf(await two.user()(request)).toEqualTypeOf<UserAuth<Scope, 'staff'> | Response>()
  if (customer instanceof Response) return
  expectTypeOf(customer.user.provider).toEqualTypeOf<'customers'>()

  const shop = toNode(two.for('customers'))
  shop.user('orders:read')(
    (incoming) => void expectTypeOf(incoming.auth).toEqualTypeOf<UserAuth<Scope, 'customers'>>(),
  )
  // @ts-expect-error a scope that is not defined
  shop.user('orders:raed')
  // @ts-expect-error a guard has no endpoints
  void shop.routes
  const staff = toNode(two)
  void staff.routes()
  staff.anyone()((incoming) => {
    if (incoming.auth.kind === 'user') expectTypeOf(incoming.auth.user.provider).toEqualTypeOf<'staff'>()
  })
  await two.users.signOutEverywhere(customer.user)
}

/** A custom grant: the type `Grant` is enough to check the arguments and the result of `decide`. */
export const phoneCode: Grant = {
  type: 'https://example.com/grants/phone-code',
  async decide({ client, form }, { userDirectory, scopes, attempt }) {
    expectTypeOf(form.get('code')).toEqualTypeOf<string | undefined>()
    const user = await attempt({ address: '', account: 'phone-code:1' }, () =>
      userDirectory.load({ provider: client.provider, userId: '7' }, client.id),
    )
    // @ts-expect-error the user may be undefined
    permit({ client, user, scopes: [] })
    if (!user) return refuse(new OAuthError('invalid_grant', 'No'), { isGuess: true })
    // @ts-expect-error a user must be loaded: an ID is not enough
    permit({ client, user: '7', scopes: [] })
    return permit({ client, user, scopes: chooseScopes(scopes, form.get('scope'), client.scopes) })
  },
}

/** A grant must have `decide`, return a permission or refusal, and not use the database. */
export function grantsAreChecked(): void {
  createAuthorizationServer({ ...common, scopes, grants: [phoneCode] })
  const { type } = phoneCode
  // @ts-expect-error `decide` is missing
  createAuthorizationServer({ ...common, scopes, grants: [{ type }] })
  // @ts-expect-error not a permission
  const generous: Grant = { type, decide: async () => true }
  void generous
  const curious: Grant = {
    type: 'urn:example:curious',
    async decide(_request, context) {
      // @ts-expect-error grants do not access the database
      void context.store
      return refuse(new OAuthError('invalid_grant', 'No'))
    },
  }
  void curious
}

/** `routes` takes request listeners, and not the `next` of a middleware. */
export function fallbacksAreListeners(listener: RequestListener, next: NextFunction, app: Express): void {
  auth.routes()
  auth.routes(listener)
  auth.routes(app)
  auth.routes((_request, response) => void response.end())
  auth.routes(() => next())
  auth.routes(auth.user()((request, response) => void response.end(request.auth.user.id)))
  app.use(auth.routes())
  // @ts-expect-error calls `next` with the request as an error
  auth.routes(next)
  // @ts-expect-error the same in Connect
  auth.routes((error?: unknown) => next(error))
}

/** A server with any type of user has routes: without a name, with a bigint. */
export function serversOfAnyUserHaveRoutes(
  named: AuthorizationServer<'a', 'users', never, { id: string; name: string }>,
  unnamed: AuthorizationServer<'a', 'users', never, { id: bigint; email: string; isActive: boolean }>,
): void {
  expectTypeOf(toNode(named).routes).toBeFunction()
  expectTypeOf(toNode(unnamed).routes).toBeFunction()
}

/** The app's sign-in: `current` may name the request type of its framework, and password functions are optional. */
export function appSessionsAreChecked(): void {
  const find = async (id: string): Promise<{ readonly id: string; readonly plan: 'free' } | undefined> => ({
    id,
    plan: 'free',
  })
  const { sessions } = createAuthorizationServer({
    ...common,
    scopes,
    users: {
      find,
      appSession: {
        signInUrl: '/sign-in',
        current(_request, original: ExpressRequest) {
          return { id: original.ip ?? '', authenticatedAt: new Date(), methods: ['pwd'] }
        },
      },
    },
  })
  const isReturnTo: boolean = sessions.isReturnTo(undefined)
  expectTypeOf(isReturnTo).toEqualTypeOf<boolean>()
  void sessions
    .current({ headers: {} })
    .then((found) => expectTypeOf(found?.user.plan).toEqualTypeOf<'free' | undefined>())
  // @ts-expect-error Without appSession, the server must be able to check passwords.
  createAuthorizationServer({ ...common, scopes, users: { find } })
  const appSession = { signInUrl: '/sign-in', current: () => ({ id: '1' }) }
  // @ts-expect-error The time of the sign-in is missing.
  createAuthorizationServer({ ...common, scopes, users: { find, appSession } })
}

/** Pages of your own receive the users of the server. */
export function pagesReceiveUsers(): void {
  interface Member extends BaseUser {
    readonly tier: 'gold' | 'silver'
  }
  const users: UserProvider<Member> = {
    find: async () => undefined,
    findByUsername: async () => undefined,
    verifyPassword: async () => false,
  }
  const one = { ...common, scopes, users }
  createAuthorizationServer({
    ...one,
    pages: {
      views: {
        consent({ user, request, language, nonce, formTargets, client }) {
          expectTypeOf(user).toEqualTypeOf<Member | undefined>()
          expectTypeOf(request).toEqualTypeOf<Request>()
          expectTypeOf([language, nonce, ...formTargets, client.name]).toEqualTypeOf<string[]>()
          return new Response('')
        },
        signOut: async ({ nonce }) => ({ html: nonce, csp: "default-src 'self'" }),
        // @ts-expect-error neither HTML nor a response
        error: ({ status }) => status,
      },
    },
  })
  createAuthorizationServer({
    ...one,
    providers: { staff: builtInStaff },
    pages: {
      views: {
        signedIn({ user }) {
          // @ts-expect-error it may be a user of another provider
          void user?.tier
          return ''
        },
      },
    },
  })
  createAuthorizationServer({ ...one, routes: { off: ['introspect', 'login (staff)'] } })
  // @ts-expect-error the name of no route
  createAuthorizationServer({ ...one, routes: { off: ['introspekt'] } })
}

const builtInStaff: UserProvider = {
  find: async () => undefined,
  findByUsername: async () => undefined,
  verifyPassword: async () => false,
}
