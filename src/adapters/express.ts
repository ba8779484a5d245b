import '../lib/node-version.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { AnyAuth, AnyClaims, Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, toHttpResponse, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guards, GuardsByProvider, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import type { AuthorizationServer } from '../server.ts'
import type { BaseUser } from '../users/provider.ts'
import { createBrowserSessions, type BrowserSessions } from './browser-sessions.ts'
import { routesOf, type ExpressMiddleware } from './express-mount.ts'
import { createGuardSet, type Guarded } from './guard-set.ts'
import { send } from './node-message.ts'

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- Express has no other way to add to its requests
  namespace Express {
    interface Request {
      /** Who sent the request. Undefined on routes without a guard. */
      auth?: Auth
    }
  }
}

export type { ExpressMiddleware } from './express-mount.ts'

/** A request of Express with the result of a guard as `auth`. */
export type GuardedRequest<
  Granted extends AnyAuth,
  Params = PathParams,
  ResponseBody = unknown,
  RequestBody = Request['body'],
  Query = Request['query'],
  Locals extends Response['locals'] = Response['locals'],
> = Omit<Request<Params, ResponseBody, RequestBody, Query, Locals>, 'auth'> & { readonly auth: Granted }

/** The parameters of a path. Name them for others: `auth.user()<{ id: string }>(handler)`. */
export type PathParams = Record<string, string>

/**
 * A guard, as middleware and as the wrapper of a handler. Other requests get 401, 403 or 503.
 *
 * As middleware, `app.get('/orders/:id', auth.user('orders:read'), handler)`, the path gives `request.params` its type, and
 * `request.auth` is `Auth | undefined`. As a wrapper, `app.get('/orders', auth.user('orders:read')(handler))`,
 * `request.auth` has the exact kind and scopes. What the handler throws reaches the error handler of Express, also in
 * Express 4 if the handler is async.
 */
export interface ExpressGuard<Granted extends AnyAuth> {
  <
    Params = PathParams,
    ResponseBody = unknown,
    RequestBody = Request['body'],
    Query = Request['query'],
    Locals extends Response['locals'] = Response['locals'],
  >(
    handler: (
      request: GuardedRequest<Granted, Params, ResponseBody, RequestBody, Query, Locals>,
      response: Response<ResponseBody, Locals>,
      next: NextFunction,
    ) => unknown,
  ): RequestHandler<Params, ResponseBody, RequestBody, Query, Locals>
  // The last overload decides what Express infers for the other handlers of a route: nothing.
  (...middleware: Parameters<ExpressMiddleware>): void
}

/** Guards for Express. Scopes that the configuration does not have throw `ConfigError`. */
export interface ExpressGuards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> {
  /** Accepts users' tokens that have all of these scopes. */
  user(...scopes: Scopes<Scope>): ExpressGuard<UserAuth<Scope, Provider, Claims>>
  /** Accepts machine tokens (client credentials) that have all of these scopes. */
  machine(...scopes: Scopes<Scope>): ExpressGuard<MachineAuth<Scope, Claims>>
  /** Accepts both. */
  anyone(...scopes: Scopes<Scope>): ExpressGuard<Auth<Scope, Provider, Claims>>
}

/** Guards for Express, by user provider. */
export interface ExpressGuardsByProvider<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
> extends ExpressGuards<Scope, Main, Claims> {
  /** Returns the guards for users of one provider. Throws `ConfigError` if the provider is unknown. */
  for<Name extends Main | Other>(provider: Name): ExpressGuards<Scope, Name, Claims>
}

/** A server in Express: its routes, its guards, and the users who are signed in to browsers. */
export interface ExpressAdapter<
  Scope extends string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
  Claims extends object = AnyClaims,
>
  extends
    ExpressGuardsByProvider<Scope, Main, Other, Claims>,
    BrowserSessions<[request: IncomingMessage, response: ServerResponse], Main, Other, User> {
  /**
   * Returns middleware that answers the server's own paths: `app.use(auth.routes())`, or `app.use('/id', auth.routes())` if
   * the issuer has that path. It works before and after body parsers.
   */
  routes(): ExpressMiddleware
}

/**
 * Adapts a server, or a guard from `consulate/guard`, to Express 5 and 4: `app.use(toExpress(server).routes())` mounts the
 * endpoints, `app.get('/orders', auth.user('orders:read'), handler)` guards a route. A guard has no `routes()`.
 */
export function toExpress<
  Scope extends string,
  Main extends string,
  Other extends string,
  User extends BaseUser,
  Claims extends object = AnyClaims,
>(
  server: AuthorizationServer<Scope, Main, Other, User, Claims>,
): ExpressAdapter<Scope, Main, Other, User, Claims>
export function toExpress<
  Scope extends string,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
>(
  guard: Guards<Scope, Main, Claims> & GuardsByProvider<Scope, Main | Other, Claims>,
): ExpressGuardsByProvider<Scope, Main, Other, Claims>
export function toExpress<Scope extends string, Provider extends string, Claims extends object = AnyClaims>(
  guard: Guards<Scope, Provider, Claims>,
): ExpressGuards<Scope, Provider, Claims>
export function toExpress(guarded: AuthorizationServer | Guarded): ExpressGuards<string> {
  return {
    ...guardsOf(guarded),
    ...('sessions' in guarded && createBrowserSessions(guarded, ACCESS)),
    ...('sessions' in guarded && { routes: routesOf(guarded) }),
  }
}

const ACCESS = {
  size: 2,
  requestOf: (request: IncomingMessage, _response: ServerResponse) => request,
  addCookie: (cookie: string, _request: IncomingMessage, response: ServerResponse) =>
    response.appendHeader('Set-Cookie', cookie),
} as const

const guardsOf = (guarded: Guarded): ExpressGuards<string> =>
  createGuardSet(guarded, createGuard) as ExpressGuards<string>

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown

function createGuard(core: GuardCore, requirement: Requirement): unknown {
  const guard =
    (handler: Handler): ExpressMiddleware =>
    (request, response, next) => {
      const proceed = (checked: Auth | Refusal): unknown => {
        if (isRefusal(checked)) return send(toHttpResponse(checked), request, response)
        return handler(Object.assign(request, { auth: checked }), response, next)
      }
      const result = core.check(request, requirement)
      // What a handler throws synchronously, Express catches itself.
      const running = result instanceof Promise ? result.then(proceed) : proceed(result)
      if (isThenable(running)) void forwardError(running, next)
    }
  const middleware = guard((_request, _response, next) => next())
  const either = (...given: readonly [Handler] | Parameters<ExpressMiddleware>): unknown =>
    given.length === 1 ? guard(given[0]) : middleware(...given)
  return either
}

async function forwardError(running: PromiseLike<unknown>, next: (error?: unknown) => void): Promise<void> {
  try {
    await running
  } catch (error) {
    next(error ?? new Error('The handler rejected without a reason'))
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
