import '../lib/node-version.ts'
import type { Context, MiddlewareHandler } from 'hono'
import type { StatusCode } from 'hono/utils/http-status'
import type { AnyAuth, AnyClaims, Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, toHttpResponse, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guards, GuardsByProvider, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import { fromRequest } from '../lib/fetch.ts'
import type { HttpRequest, HttpResponse } from '../lib/http.ts'
import { readParsedBody } from '../lib/parsed-body.ts'
import type { AuthorizationServer } from '../server.ts'
import type { BaseUser } from '../users/provider.ts'
import { createBrowserSessions, type BrowserSessions } from './browser-sessions.ts'
import { CORS_HEADERS } from './cors-headers.ts'
import { createGuardSet, type Guarded } from './guard-set.ts'
import { createMetadataWarning } from './metadata-warning.ts'

/** Middleware that sets `c.var.auth` for accepted requests. All others get 401, 403 or 503. */
export type HonoGuard<Granted extends AnyAuth> = MiddlewareHandler<{ Variables: { auth: Granted } }>

/** Guards for Hono. Scopes that the configuration does not have throw `ConfigError`. */
export interface HonoGuards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> {
  /** Accepts users' tokens that have all of these scopes. */
  user(...scopes: Scopes<Scope>): HonoGuard<UserAuth<Scope, Provider, Claims>>
  /** Accepts machine tokens (client credentials) that have all of these scopes. */
  machine(...scopes: Scopes<Scope>): HonoGuard<MachineAuth<Scope, Claims>>
  /** Accepts both. */
  anyone(...scopes: Scopes<Scope>): HonoGuard<Auth<Scope, Provider, Claims>>
}

/** Guards for Hono, by user provider. */
export interface HonoGuardsByProvider<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
> extends HonoGuards<Scope, Main, Claims> {
  /** Returns the guards for users of one provider. Throws `ConfigError` if the provider is unknown. */
  for<Name extends Main | Other>(provider: Name): HonoGuards<Scope, Name, Claims>
}

/** Options of `toHono`. */
export interface HonoOptions {
  /**
   * Returns the IP address of the connected client: `(c) => getConnInfo(c).remote.address`. Failures are counted by address.
   * Default: that of `@hono/node-server`. On other servers it is unknown, and all clients share one counter.
   */
  peer?(c: Context): string | undefined
}

/** A server in Hono: its routes, its guards, and the users who are signed in to browsers. */
export interface HonoAdapter<
  Scope extends string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
  Claims extends object = AnyClaims,
>
  extends HonoGuardsByProvider<Scope, Main, Other, Claims>, BrowserSessions<[c: Context], Main, Other, User> {
  /**
   * Returns middleware that answers the server's own paths. Every other request goes to the next middleware. Mount it on the
   * root app: the metadata of an issuer with a path is not below that path.
   */
  routes(): MiddlewareHandler
}

/**
 * Adapts a server, or a guard from `consulate/guard`, to Hono: `app.use(toHono(server).routes())` mounts the endpoints, and
 * `app.get('/orders', toHono(guard).user('orders:read'), (c) => …)` guards a route. A guard has no `routes()`.
 */
export function toHono<
  Scope extends string,
  Main extends string,
  Other extends string,
  User extends BaseUser,
  Claims extends object = AnyClaims,
>(
  server: AuthorizationServer<Scope, Main, Other, User, Claims>,
  options?: HonoOptions,
): HonoAdapter<Scope, Main, Other, User, Claims>
export function toHono<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
>(
  guard: Guards<Scope, Main, Claims> & GuardsByProvider<Scope, Main | Other, Claims>,
): HonoGuardsByProvider<Scope, Main, Other, Claims>
export function toHono<Scope extends string, Provider extends string, Claims extends object = AnyClaims>(
  guard: Guards<Scope, Provider, Claims>,
): HonoGuards<Scope, Provider, Claims>
export function toHono(
  guarded: AuthorizationServer | Guarded,
  { peer = peerOf }: HonoOptions = {},
): HonoGuards<string> {
  const peerIn = (c: Context): string => peer(c) ?? ''
  return {
    ...guardsOf(guarded),
    ...('sessions' in guarded && {
      ...createBrowserSessions(guarded, accessWith(peerIn)),
      routes: routesOf(guarded, peerIn),
    }),
  }
}

const guardsOf = (guarded: Guarded): HonoGuards<string> =>
  createGuardSet(guarded, guard) as HonoGuards<string>

/** Not async: a promise costs as much as the check of a cached token. */
function guard(core: GuardCore, requirement: Requirement): Middleware {
  return (c, next) => {
    const proceed = (checked: Auth | Refusal): Result | Promise<Result> => {
      if (isRefusal(checked)) return send(c, toHttpResponse(checked))
      c.set('auth', checked)
      return next()
    }
    const result = core.check(c.req.raw, requirement)
    return result instanceof Promise ? result.then(proceed) : proceed(result)
  }
}

function routesOf(
  server: AuthorizationServer,
  peerIn: (c: Context) => string,
): HonoAdapter<string>['routes'] {
  const warning = createMetadataWarning(server)
  // Every request of the app passes here, so those for other paths are not converted.
  const middleware: Middleware = (c, next) => {
    const mount = c.req.routePath.replace(WILDCARD, '')
    if (!server.handles(locationBelow(mount, c.req.path))) return next()
    warning.answeredBelow(mount)
    const pending = server.core.handle(toHttpRequest(c, peerIn(c)))
    return pending ? pending.then((response) => sendOwn(c, response)) : next()
  }
  return () => {
    warning.mounted()
    return middleware as MiddlewareHandler
  }
}

const WILDCARD = /\/?\*$/

/** Hono strips no prefix. If the path of the mount is a wrong one, the log names it. */
const locationBelow = (mount: string, path: string): string | { url: string; originalUrl: string } =>
  mount !== '' && path.startsWith(`${mount}/`) ? { url: path.slice(mount.length), originalUrl: path } : path

/** The body may have been read with `c.req.parseBody()`, `json()` and so on. Hono keeps it then. */
function toHttpRequest(c: Context, peer: string): HttpRequest {
  const request = fromRequest(c.req.raw, peer, c)
  const body: HttpRequest['body'] = async (limit) => {
    const read = await readBefore(c.req.bodyCache as object)
    return read === undefined ? request.body(limit) : readParsedBody(read, request.header, limit)
  }
  return { ...request, body }
}

/** What Hono has read of a body, by the method that was called. Its own type omits the promises. */
interface ReadBody {
  readonly text?: Promise<string>
  readonly arrayBuffer?: Promise<ArrayBuffer>
  readonly blob?: Promise<Blob>
  readonly formData?: Promise<FormData>
  readonly json?: Promise<unknown>
}

/** Returns what Hono has read of the body, preferring what was sent to what was parsed. Undefined if it has not. */
async function readBefore({ text, arrayBuffer, blob, formData, json }: ReadBody): Promise<unknown> {
  if (text) return text
  if (arrayBuffer) return new Uint8Array(await arrayBuffer)
  if (blob) return (await blob).text()
  // Files are left out: no endpoint accepts any.
  if (formData) return new URLSearchParams([...(await formData)].filter(isText))
  return json
}

const isText = (entry: [name: string, value: unknown]): entry is [string, string] =>
  typeof entry[1] === 'string'

/** Hono accepts middleware that does not return a promise, but its type does not. */
type Middleware = (c: Context, next: () => Promise<void>) => Result | Promise<Result>
type Result = Response | void

/** The bindings of `@hono/node-server`, at the place where its `getConnInfo` finds them. */
interface NodeBindings {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string } }
}

function peerOf({ env }: Context): string | undefined {
  const { server, incoming } = (env ?? {}) as NodeBindings & { readonly server?: NodeBindings }
  return (server?.incoming ?? incoming)?.socket.remoteAddress
}

const accessWith = (peerIn: (c: Context) => string) =>
  ({
    size: 1,
    requestOf: (c: Context) => ({ headers: c.req.raw.headers, peer: peerIn(c), original: c }),
    addCookie: (cookie: string, c: Context) => c.header('Set-Cookie', cookie, { append: true }),
  }) as const

function sendOwn(c: Context, response: HttpResponse): Response {
  for (const name of CORS_HEADERS) c.header(name, undefined)
  return send(c, response)
}

/** Sets the headers one by one: they replace those that earlier middleware has set, and all others stay. */
function send(c: Context, { status, headers, body }: HttpResponse): Response {
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') c.header(name, value)
    else for (const one of value) c.header(name, one, { append: true })
  }
  return c.newResponse(body === '' ? null : body, status as StatusCode)
}
