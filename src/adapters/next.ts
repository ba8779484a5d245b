import '../lib/node-version.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { ProviderOptions } from '../administration/sessions.ts'
import type { UserLike } from '../administration/user.ts'
import type { AnyAuth, AnyClaims, Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, toHttpResponse } from '../guard/refusal.ts'
import { ConfigError } from '../errors.ts'
import type { GuardCore, Guards, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import { fromRequest, toResponse } from '../lib/fetch.ts'
import { NOT_FOUND } from '../lib/http.ts'
import type { HeadersLike, RequestLike } from '../lib/request-like.ts'
import type { SessionInfo } from '../model/info.ts'
import { basePathOf } from '../model/issuer.ts'
import type { AuthorizationServer, Core } from '../server.ts'
import type { ResponseCookies } from '../sign-in/browser-sessions.ts'
import type { BaseUser } from '../users/provider.ts'
import type { StartOptions } from './browser-sessions.ts'
import { createGuardSet } from './guard-set.ts'
import { toNextCookie, type NextCookies } from './next-cookie.ts'

export type { NextCookieOptions, NextCookies } from './next-cookie.ts'

/** What a guarded route handler of Next receives: who is calling, and the parameters of the path. */
export interface GuardedContext<Granted extends AnyAuth, Params = NextParams> {
  readonly auth: Granted
  readonly params: Promise<Params>
}

/** The parameters of a path in Next: `[id]` is a string, `[...path]` a list. */
export type NextParams = Readonly<Record<string, string | string[] | undefined>>

/**
 * Wraps a route handler: it is called for accepted requests, and all others get 401, 403 or 503. Errors that it throws are
 * handled by Next.
 */
export type NextGuard<Granted extends AnyAuth> = <Params = NextParams, Incoming extends Request = Request>(
  handler: (request: Incoming, context: GuardedContext<Granted, Params>) => Response | Promise<Response>,
) => (request: Incoming, context: { readonly params: Promise<Params> }) => Promise<Response>

/** Guards for route handlers. Scopes that the configuration does not have throw `ConfigError`. */
export interface NextGuards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> {
  /** Accepts users' tokens that have all of these scopes. */
  user(...scopes: Scopes<Scope>): NextGuard<UserAuth<Scope, Provider, Claims>>
  /** Accepts machine tokens (client credentials) that have all of these scopes. */
  machine(...scopes: Scopes<Scope>): NextGuard<MachineAuth<Scope, Claims>>
  /** Accepts both. */
  anyone(...scopes: Scopes<Scope>): NextGuard<Auth<Scope, Provider, Claims>>
}

/** What a proxy returns. Undefined passes the request to your app. */
export type ProxyResult = Response | null | undefined | void

type Handler = (request: Request) => Promise<Response>

/** The proxy of a server. Its properties are the handlers of a catch-all route. */
export interface NextRoutes<Incoming extends Request = Request, Rest extends unknown[] = []> {
  (request: Incoming, ...rest: Rest): Promise<ProxyResult>
  readonly GET: Handler
  readonly HEAD: Handler
  readonly POST: Handler
  readonly PUT: Handler
  readonly DELETE: Handler
  readonly OPTIONS: Handler
}

/** How the adapter reads requests and sets cookies. */
export interface NextOptions {
  /** `headers` of `next/headers`. The sessions of browsers need it. */
  readonly headers?: () => Promise<HeadersLike>
  /** `cookies` of `next/headers`. The sessions of browsers need it. */
  readonly cookies?: () => Promise<NextCookies>
  /**
   * Returns the address of the client's connection. Only for platforms without a server of `node:http`, such as Vercel:
   * `(headers) => headers.get('x-real-ip') ?? ''`, if clients can't set that header themselves. Default: the address of the
   * connection that Node received.
   */
  readonly peer?: (headers: Pick<Headers, 'get'>) => string
}

/** A server in Next: its routes, its guards, and the users who are signed in. */
export interface NextAdapter<
  Scope extends string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
  Claims extends object = AnyClaims,
> extends NextGuards<Scope, Main, Claims> {
  /**
   * Returns a proxy that answers the server's own paths: `export const proxy = auth.routes()` in `proxy.ts`. `next` is your own
   * proxy, which receives every other request. The result also has the handlers of a catch-all route.
   */
  routes<Incoming extends Request = Request, Rest extends unknown[] = []>(
    next?: (request: Incoming, ...rest: Rest) => ProxyResult | Promise<ProxyResult>,
  ): NextRoutes<Incoming, Rest>
  /**
   * Returns the user who is signed in to the browser, in server components, server functions and route handlers; undefined
   * for guests. Pass the request in `proxy.ts`.
   */
  currentUser(request?: Request): Promise<User | undefined>
  /**
   * Signs a user in to the browser, after your app has verified who they are, and sets the cookies. For server functions and
   * route handlers. Takes the options of `server.sessions.start`.
   */
  startSession(user: UserLike, options?: StartOptions): Promise<SessionInfo>
  /** Signs the browser out and clears the cookies. For server functions and route handlers. */
  endSession(options?: ProviderOptions<Main | Other>): Promise<void>
  /** Returns the guards for users of one provider. Throws `ConfigError` if the provider is unknown. */
  for<Name extends Main | Other>(provider: Name): NextGuards<Scope, Name, Claims>
}

/**
 * Returns the server that `create` creates, and the same one whenever this process calls it again for that issuer. Next loads
 * modules several times: for pages, for route handlers, for the proxy, and after each change during development.
 */
export function oncePerProcess<Server extends Pick<AuthorizationServer, 'issuer'>>(
  create: () => Server,
): Server {
  const servers = shared(SERVERS, () => new Map<string, Server>())
  const created = create()
  const existing = servers.get(created.issuer)
  if (!existing) servers.set(created.issuer, created)
  // The new one has opened nothing, so it is not closed: that would close a store that both have.
  return existing ?? created
}

/**
 * Adapts a server, or a guard from `consulate/guard`, to the App Router of Next:
 *
 * `export const proxy = toNext(server).routes()` in `proxy.ts` mounts the endpoints, and
 * `export const GET = auth.user('orders:read')((request, { auth }) => …)` guards a route handler. A guard has no `routes()`.
 */
export function toNext<
  Scope extends string,
  Main extends string,
  Other extends string,
  User extends BaseUser,
  Claims extends object = AnyClaims,
>(
  server: AuthorizationServer<Scope, Main, Other, User, Claims>,
  options?: NextOptions,
): NextAdapter<Scope, Main, Other, User, Claims>
export function toNext<Scope extends string, Provider extends string, Claims extends object = AnyClaims>(
  guard: Guards<Scope, Provider, Claims>,
): NextGuards<Scope, Provider, Claims>
export function toNext(
  guarded: AuthorizationServer | Guards<string>,
  options: NextOptions = {},
): NextGuards<string> | NextAdapter<string> {
  if (!('sessions' in guarded)) return guardsOf(guarded)
  const peers = followPeers()
  const peerOf: PeerOf = options.peer ?? (() => peers.getStore() ?? '')
  const answer = answerOf(guarded, peerOf)
  return {
    ...guardsOf(guarded),
    ...sessionsOf(guarded, options, peerOf),
    routes: (next) =>
      Object.assign(
        async (...input: Parameters<NonNullable<typeof next>>) => {
          const response = await answer(input[0])
          return response ? withAbsoluteLocation(response, input[0], guarded.issuer) : next?.(...input)
        },
        handlersOf(guarded.issuer, answer),
      ),
    for: (provider) => guardsOf(guarded.for(provider)) as NextGuards<string, typeof provider>,
  }
}

/** Returns the response to a request for one of the server's endpoints. `basePath` is what Next has removed from its path. */
type Answer = (request: Request, basePath?: string) => Promise<Response | undefined>

type PeerOf = NonNullable<NextOptions['peer']>

const answerOf =
  ({ core }: { readonly core: Core }, peerOf: PeerOf): Answer =>
  async (request, basePath = '') => {
    const received = fromRequest(request, peerOf(request.headers))
    const path = withoutSlash(received.path)
    const handle = (at: string): ReturnType<Core['handle']> => core.handle({ ...received, path: at })
    const response = await (handle(basePath + path) ?? (basePath === '' ? undefined : handle(path)))
    return response && toResponse(response)
  }

/** With `trailingSlash: true`, Next adds a slash to all other paths. */
const withoutSlash = (path: string): string =>
  path.startsWith('/.well-known/') ? path : path.replace(/(?<=.)\/$/, '')

/**
 * Next cannot parse a relative `Location` of a proxy. During development, the browser may use another name or port than the
 * issuer has. In production, `Host` may be that of a server behind a proxy.
 */
function withAbsoluteLocation(response: Response, { headers }: Request, issuer: string): Response {
  const location = response.headers.get('location')
  const local = `http://${headers.get('host') ?? ''}`
  const base = issuer.startsWith('http:') && URL.canParse(local) ? local : issuer
  if (location !== null) response.headers.set('location', new URL(location, base).href)
  return response
}

/** Next removes its `basePath` from the URL of a route handler, and doesn't tell which it was. */
function handlersOf(issuer: string, answer: Answer): Pick<NextRoutes, keyof NextRoutes> {
  const basePath = basePathOf(issuer)
  const handler: Handler = async (request) => (await answer(request, basePath)) ?? toResponse(NOT_FOUND)
  return { GET: handler, HEAD: handler, POST: handler, PUT: handler, DELETE: handler, OPTIONS: handler }
}

const guardsOf = (guards: Guards<string>): NextGuards<string> =>
  createGuardSet(guards, guard) as NextGuards<string>

const guard =
  <Granted extends AnyAuth>(core: GuardCore, requirement: Requirement): NextGuard<Granted> =>
  (handler) =>
  async (request, context) => {
    const checked = await core.check(request, requirement)
    if (isRefusal(checked)) return toResponse(toHttpResponse(checked))
    return handler(request, { ...context, auth: checked as Granted })
  }

function sessionsOf(
  server: AuthorizationServer,
  options: NextOptions,
  peerOf: PeerOf,
): Pick<NextAdapter<string>, 'currentUser' | 'startSession' | 'endSession'> {
  const requestOf = async (request?: Request): Promise<RequestLike> => {
    const headers = request?.headers ?? (await (options.headers ?? missing('headers'))())
    return { headers, peer: peerOf(headers as Pick<Headers, 'get'>) }
  }
  const setCookies = async ({ cookies }: ResponseCookies): Promise<void> => {
    if (cookies.length === 0) return
    const jar = await (options.cookies ?? missing('cookies'))()
    for (const cookie of cookies) jar.set(...toNextCookie(cookie))
  }
  return {
    async currentUser(request) {
      const current = await server.sessions.current(await requestOf(request))
      // Server components and proxies cannot set cookies. The next visit of a page of the server extends the session.
      if (current) await setCookies(current).catch(() => undefined)
      return current?.user
    },
    async startSession(user, start) {
      const started = await server.sessions.start(user, { ...start, request: await requestOf() })
      await setCookies(started)
      return started.session
    },
    async endSession(end) {
      await setCookies(await server.sessions.end(await requestOf(), end))
    },
  }
}

function missing(name: 'headers' | 'cookies'): never {
  const message = `is missing. Import it from next/headers: toNext(server, { headers, cookies })`
  throw new ConfigError([{ path: name, message }])
}

const PEERS = Symbol.for('consulate.next.peers')
const SERVERS = Symbol.for('consulate.next.servers')

/** Returns a value that all copies of this module share. */
function shared<Value>(key: symbol, create: () => Value): Value {
  const values = globalThis as unknown as Record<symbol, Value | undefined>
  return (values[key] ??= create())
}

/**
 * Follows the addresses of connections. Next hides them from its handlers, and keeps an `X-Forwarded-For` that a client has
 * invented. Node publishes each request just before it runs the listeners, in the same asynchronous context.
 */
const followPeers = (): AsyncLocalStorage<string> =>
  shared(PEERS, () => {
    const peers = new AsyncLocalStorage<string>()
    subscribe('http.server.request.start', (message) => {
      const { request } = message as { readonly request: IncomingMessage }
      peers.enterWith(request.socket.remoteAddress ?? '')
    })
    return peers
  })
