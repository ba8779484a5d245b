import '../lib/node-version.ts'
import type {
  ContextConfigDefault,
  FastifyBaseLogger,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  FastifyTypeProvider,
  FastifyTypeProviderDefault,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerBase,
  RawServerDefault,
  RouteGenericInterface,
  RouteHandlerMethod,
} from 'fastify'
import type { AnyAuth, AnyClaims, Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, toHttpResponse, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guards, GuardsByProvider, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import type { AuthorizationServer } from '../server.ts'
import type { BaseUser } from '../users/provider.ts'
import { createBrowserSessions, type BrowserSessions } from './browser-sessions.ts'
import { createGuardSet, type Guarded } from './guard-set.ts'
import { pluginOf, send } from './fastify-mount.ts'
import type { AnyFastifyReply, AnyFastifyRequest } from './fastify-request.ts'

export type { AnyFastifyReply, AnyFastifyRequest } from './fastify-request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The result of a guard of Consulate. In a handler that a guard wraps, its type is exact. */
    readonly auth?: Auth
  }
}

/**
 * A guard, in two forms. As a hook, it sets `request.auth`: `{ onRequest: auth.user() }`. As a wrapper of a handler, it also
 * gives `request.auth` its exact type: `auth.user()((request) => request.auth.user.id)`. Requests that are not accepted get
 * 401, 403 or 503.
 */
export interface FastifyGuard<Granted extends AnyAuth> {
  <
    Route extends RouteGenericInterface = RouteGenericInterface,
    Config = ContextConfigDefault,
    Schema extends FastifySchema = FastifySchema,
    Types extends FastifyTypeProvider = FastifyTypeProviderDefault,
    Raw extends RawServerBase = RawServerDefault,
    RawRequest extends RawRequestDefaultExpression<Raw> = RawRequestDefaultExpression<Raw>,
    RawReply extends RawReplyDefaultExpression<Raw> = RawReplyDefaultExpression<Raw>,
    Logger extends FastifyBaseLogger = FastifyBaseLogger,
  >(
    handler: (
      request: Omit<FastifyRequest<Route, Raw, RawRequest, Schema, Types, Config, Logger>, 'auth'> & {
        readonly auth: Granted
      },
      reply: FastifyReply<Route, Raw, RawRequest, RawReply, Config, Schema, Types>,
    ) => ReturnType<RouteHandlerMethod<Raw, RawRequest, RawReply, Route, Config, Schema, Types, Logger>>,
  ): RouteHandlerMethod<Raw, RawRequest, RawReply, Route, Config, Schema, Types, Logger>
  (request: AnyFastifyRequest, reply: AnyFastifyReply, done: (error?: Error) => void): void
}

type FastifyContext = [request: AnyFastifyRequest, reply: AnyFastifyReply]

/** Guards for Fastify. Scopes that the configuration does not have throw `ConfigError`. */
export interface FastifyGuards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> {
  /** Accepts users' tokens that have all of these scopes. */
  user(...scopes: Scopes<Scope>): FastifyGuard<UserAuth<Scope, Provider, Claims>>
  /** Accepts machine tokens (client credentials) that have all of these scopes. */
  machine(...scopes: Scopes<Scope>): FastifyGuard<MachineAuth<Scope, Claims>>
  /** Accepts both. */
  anyone(...scopes: Scopes<Scope>): FastifyGuard<Auth<Scope, Provider, Claims>>
}

/** Guards for Fastify, by user provider. */
export interface FastifyGuardsByProvider<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
> extends FastifyGuards<Scope, Main, Claims> {
  /** Returns the guards for users of one provider. Throws `ConfigError` if the provider is unknown. */
  for<Name extends Main | Other>(provider: Name): FastifyGuards<Scope, Name, Claims>
}

/** A server in Fastify: its routes, its guards, and the users who are signed in to browsers. */
export interface FastifyAdapter<
  Scope extends string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
  Claims extends object = AnyClaims,
>
  extends
    FastifyGuardsByProvider<Scope, Main, Other, Claims>,
    BrowserSessions<FastifyContext, Main, Other, User> {
  /**
   * Returns a plugin with the server's endpoints: `app.register(auth.routes())`. Their paths follow the issuer, so a
   * `prefix` changes nothing. The app's content type parsers do not apply to them, its hooks do.
   */
  routes(): FastifyPluginAsync
}

/**
 * Adapts a server, or a guard from `consulate/guard`, to Fastify: `app.register(toFastify(server).routes())` mounts the
 * endpoints, and `toFastify(guard).user('orders:read')` guards a route. A guard has no `routes()`.
 */
export function toFastify<
  Scope extends string,
  Main extends string,
  Other extends string,
  User extends BaseUser,
  Claims extends object = AnyClaims,
>(
  server: AuthorizationServer<Scope, Main, Other, User, Claims>,
): FastifyAdapter<Scope, Main, Other, User, Claims>
export function toFastify<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
>(
  guard: Guards<Scope, Main, Claims> & GuardsByProvider<Scope, Main | Other, Claims>,
): FastifyGuardsByProvider<Scope, Main, Other, Claims>
export function toFastify<Scope extends string, Provider extends string, Claims extends object = AnyClaims>(
  guard: Guards<Scope, Provider, Claims>,
): FastifyGuards<Scope, Provider, Claims>
export function toFastify(guarded: AuthorizationServer | Guarded): FastifyGuards<string> {
  return {
    ...guardsOf(guarded),
    ...('sessions' in guarded && createBrowserSessions<FastifyContext>(guarded, ACCESS)),
    ...('sessions' in guarded && { routes: () => pluginOf(guarded) }),
  }
}

const guardsOf = (guarded: Guarded): FastifyGuards<string> =>
  createGuardSet(guarded, guard) as FastifyGuards<string>

type Handler = (this: unknown, request: FastifyRequest, reply: FastifyReply) => unknown

function guard(core: GuardCore, requirement: Requirement) {
  const hook = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const proceed = (checked: Auth | Refusal): void => {
      if (accept(checked, request, reply)) done()
    }
    const result = core.check(request.raw, requirement)
    if (result instanceof Promise) void result.then(proceed)
    else proceed(result)
  }
  return (first: FastifyRequest | Handler, reply: FastifyReply, done: () => void): unknown =>
    typeof first === 'function' ? wrap(core, requirement, first) : hook(first, reply, done)
}

function wrap(core: GuardCore, requirement: Requirement, handler: Handler): Handler {
  return function guarded(request, reply) {
    const result = core.check(request.raw, requirement)
    if (!(result instanceof Promise)) {
      return accept(result, request, reply) ? handler.call(this, request, reply) : undefined
    }
    // A promise of undefined would send an empty reply. The reply itself means that the handler sends it later.
    return result.then((checked) =>
      accept(checked, request, reply) ? (handler.call(this, request, reply) ?? reply) : reply,
    )
  }
}

/** Returns whether the request is accepted. Otherwise the response is sent. */
function accept(checked: Auth | Refusal, request: FastifyRequest, reply: FastifyReply): boolean {
  if (isRefusal(checked)) {
    send(reply, toHttpResponse(checked))
    return false
  }
  ;(request as { auth: Auth }).auth = checked
  return true
}

const ACCESS = {
  size: 2,
  // It has the headers and the socket of the raw request.
  requestOf: (request: AnyFastifyRequest) => request,
  addCookie: (cookie: string, _request: AnyFastifyRequest, reply: AnyFastifyReply) =>
    reply.header('Set-Cookie', cookie),
} as const
