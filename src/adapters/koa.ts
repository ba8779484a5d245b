import '../lib/node-version.ts'
import type { Context, DefaultState, Middleware } from 'koa'
import type { AnyAuth, AnyClaims, Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, toHttpResponse, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guards, GuardsByProvider, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import type { HttpRequest, HttpResponse } from '../lib/http.ts'
import type { AuthorizationServer } from '../server.ts'
import type { BaseUser } from '../users/provider.ts'
import { createBrowserSessions, type BrowserSessions } from './browser-sessions.ts'
import { CORS_HEADERS } from './cors-headers.ts'
import { createGuardSet, type Guarded } from './guard-set.ts'
import { createMetadataWarning } from './metadata-warning.ts'
import { fromMessage, isBodyUnread } from './node-message.ts'

/** Middleware that sets `ctx.state.auth` for accepted requests. All others get 401, 403 or 503. */
export type KoaGuard<Granted extends AnyAuth> = Middleware<DefaultState & { readonly auth: Granted }>

/** Guards for Koa. Scopes that the configuration does not have throw `ConfigError`. */
export interface KoaGuards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> {
  /** Accepts users' tokens that have all of these scopes. */
  user(...scopes: Scopes<Scope>): KoaGuard<UserAuth<Scope, Provider, Claims>>
  /** Accepts machine tokens (client credentials) that have all of these scopes. */
  machine(...scopes: Scopes<Scope>): KoaGuard<MachineAuth<Scope, Claims>>
  /** Accepts both. */
  anyone(...scopes: Scopes<Scope>): KoaGuard<Auth<Scope, Provider, Claims>>
}

/** Guards for Koa, by user provider. */
export interface KoaGuardsByProvider<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
> extends KoaGuards<Scope, Main, Claims> {
  /** Returns the guards for users of one provider. Throws `ConfigError` if the provider is unknown. */
  for<Name extends Main | Other>(provider: Name): KoaGuards<Scope, Name, Claims>
}

/** A server in Koa: its routes, its guards, and the users who are signed in to browsers. */
export interface KoaAdapter<
  Scope extends string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
  Claims extends object = AnyClaims,
>
  extends
    KoaGuardsByProvider<Scope, Main, Other, Claims>,
    BrowserSessions<[ctx: Context], Main, Other, User> {
  /** Returns middleware that answers the server's own paths. Every other request goes to the next middleware. */
  routes(): Middleware
}

/**
 * Adapts a server, or a guard from `consulate/guard`, to Koa: `app.use(toKoa(server).routes())` mounts the endpoints, and
 * `toKoa(guard).user('orders:read')` guards the middleware after it. A guard has no `routes()`.
 */
export function toKoa<
  Scope extends string,
  Main extends string,
  Other extends string,
  User extends BaseUser,
  Claims extends object = AnyClaims,
>(server: AuthorizationServer<Scope, Main, Other, User, Claims>): KoaAdapter<Scope, Main, Other, User, Claims>
export function toKoa<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
>(
  guard: Guards<Scope, Main, Claims> & GuardsByProvider<Scope, Main | Other, Claims>,
): KoaGuardsByProvider<Scope, Main, Other, Claims>
export function toKoa<Scope extends string, Provider extends string, Claims extends object = AnyClaims>(
  guard: Guards<Scope, Provider, Claims>,
): KoaGuards<Scope, Provider, Claims>
export function toKoa(guarded: AuthorizationServer | Guarded): KoaGuards<string> {
  return {
    ...guardsOf(guarded),
    ...('sessions' in guarded && {
      ...createBrowserSessions(guarded, ACCESS),
      routes: routesOf(guarded),
    }),
  }
}

const guardsOf = (guarded: Guarded): KoaGuards<string> => createGuardSet(guarded, guard) as KoaGuards<string>

function guard(core: GuardCore, requirement: Requirement): Middleware {
  return (ctx, next) => {
    const proceed = (checked: Auth | Refusal): unknown => {
      if (isRefusal(checked)) return send(ctx, toHttpResponse(checked))
      ctx.state.auth = checked
      return next()
    }
    const result = core.check(ctx.req, requirement)
    return result instanceof Promise ? result.then(proceed) : proceed(result)
  }
}

function routesOf(server: AuthorizationServer): KoaAdapter<string>['routes'] {
  const warning = createMetadataWarning(server)
  const middleware: Middleware = (ctx, next) => {
    const pending = server.core.handle(toHttpRequest(ctx))
    if (!pending) return next()
    warning.answeredBelow(mountOf(ctx))
    return pending.then((response) => sendOwn(ctx, response))
  }
  return () => {
    warning.mounted()
    return middleware
  }
}

/** Returns what routers have stripped from the path. */
const mountOf = ({ originalUrl, url }: Context): string =>
  originalUrl.endsWith(url) ? originalUrl.slice(0, originalUrl.length - url.length) : ''

/** Routers such as `koa-mount` strip their prefix from the URL, and body parsers leave what they read on the request. */
function toHttpRequest(ctx: Context): HttpRequest {
  const { rawBody, body } = ctx.request as { readonly rawBody?: unknown; readonly body?: unknown }
  return fromMessage(ctx.req, { originalUrl: ctx.originalUrl, body: rawBody ?? body, original: ctx })
}

const ACCESS = {
  size: 1,
  // It has the headers and the socket of the request.
  requestOf: (ctx: Context) => ctx,
  addCookie: (cookie: string, ctx: Context) => ctx.append('Set-Cookie', cookie),
} as const

function sendOwn(ctx: Context, response: HttpResponse): void {
  for (const name of CORS_HEADERS) ctx.remove(name)
  send(ctx, response)
}

/** Leaves the sending to Koa, so that its own and the app's middleware see the response. */
function send(ctx: Context, { status, headers, body }: HttpResponse): void {
  // Koa would set the content type of an empty string to text/plain.
  ctx.body = body === '' ? null : body
  ctx.status = status
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') ctx.set(name, value)
    else ctx.append(name, [...value])
  }
  if (isBodyUnread(ctx.req)) ctx.set('Connection', 'close')
}
