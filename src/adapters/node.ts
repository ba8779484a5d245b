import '../lib/node-version.ts'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ConfigError } from '../errors.ts'
import type { AnyAuth, AnyClaims, Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, toHttpResponse, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guards, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import { json } from '../lib/http.ts'
import type { AuthorizationServer, Core } from '../server.ts'
import type { BaseUser } from '../users/provider.ts'
import { createGuardSet } from './guard-set.ts'
import { answer, send } from './node-message.ts'

export { serve, type ServeOptions } from './serve.ts'

/**
 * A request listener of `node:http` that receives the result of a guard as `request.auth`. If it throws or rejects, the
 * error is logged and the response is 500; other requests are not affected.
 */
export type GuardedListener<Granted extends AnyAuth> = (
  request: IncomingMessage & { readonly auth: Granted },
  response: ServerResponse,
) => void | Promise<void>

/** Wraps a listener: it is called for accepted requests, and all others get 401, 403 or 503. */
export type ListenerGuard<Granted extends AnyAuth> = (listener: GuardedListener<Granted>) => RequestListener

/** Guards for `node:http`. Scopes that the configuration does not have throw `ConfigError`. */
export interface NodeGuards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> {
  /** Accepts users' tokens that have all of these scopes. */
  user(...scopes: Scopes<Scope>): ListenerGuard<UserAuth<Scope, Provider, Claims>>
  /** Accepts machine tokens (client credentials) that have all of these scopes. */
  machine(...scopes: Scopes<Scope>): ListenerGuard<MachineAuth<Scope, Claims>>
  /** Accepts both. */
  anyone(...scopes: Scopes<Scope>): ListenerGuard<Auth<Scope, Provider, Claims>>
}

/** A server in `node:http`: its routes and its guards. */
export interface NodeAdapter<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> extends NodeGuards<Scope, Provider, Claims> {
  /**
   * Returns a request listener that answers the server's own paths and passes every other request to `fallback`. Without
   * one, those get 404, or are passed to `next` if it is mounted as middleware of Connect: `app.use(auth.routes())`.
   *
   * @throws ConfigError if `fallback` is the `next` of a middleware, which takes no request
   */
  routes<Fallback extends RequestListener>(fallback?: Fallback & NotNext<Fallback>): ConnectListener
}

/** A request listener of `node:http`, and a middleware of Connect. */
export type ConnectListener = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void

/** Rejects functions of one parameter: `routes(next)` would call `next` with the request as an error. */
type NotNext<Fallback extends RequestListener> = Parameters<Fallback>['length'] extends 0
  ? unknown
  : Parameters<Fallback>['length'] extends 0 | 1
    ? 'Write app.use(auth.routes()) in place of routes(next)'
    : unknown

/**
 * Adapts a server, or a guard from `consulate/guard`, to `node:http`:
 *
 * `createServer(toNode(server).routes(app))` mounts the endpoints, `toNode(guard).user('orders:read')(listener)` guards a
 * route. A guard has no `routes()`.
 */
export function toNode<
  Scope extends string,
  Main extends string,
  Other extends string,
  User extends BaseUser,
  Claims extends object = AnyClaims,
>(server: AuthorizationServer<Scope, Main, Other, User, Claims>): NodeAdapter<Scope, Main, Claims>
export function toNode<Scope extends string, Provider extends string, Claims extends object = AnyClaims>(
  guard: Guards<Scope, Provider, Claims>,
): NodeGuards<Scope, Provider, Claims>
export function toNode(
  guarded: AuthorizationServer | Guards<string>,
): NodeGuards<string> | NodeAdapter<string> {
  const guards = createGuardSet(guarded, guard) as NodeGuards<string>
  return 'sessions' in guarded ? { ...guards, routes: routesOf(guarded.core) } : guards
}

const routesOf =
  (core: Core): NodeAdapter<string>['routes'] =>
  (fallback?: RequestListener) => {
    if (fallback !== undefined) checkFallback(fallback)
    return (request, response, next) => {
      if (answer(core, request, response)) return
      if (fallback) fallback(request, response)
      else if (next) next()
      else notFound(request, response)
    }
  }

/** Catches what JavaScript does not: `routes(next)`, and `app.use(auth.routes)` without the call. */
function checkFallback(fallback: unknown): void {
  if (typeof fallback === 'function' && fallback.length !== 1) return
  const message = 'must be a request listener. As middleware, write app.use(auth.routes())'
  throw new ConfigError([{ path: 'routes', message }])
}

const guard =
  <Granted extends AnyAuth>(core: GuardCore, requirement: Requirement): ListenerGuard<Granted> =>
  (listener) =>
  (request, response) => {
    const proceed = (checked: Auth | Refusal): void => {
      if (isRefusal(checked)) send(toHttpResponse(checked), request, response)
      else run(core, listener, Object.assign(request, { auth: checked as Granted }), response)
    }
    const result = core.check(request, requirement)
    if (result instanceof Promise) void result.then(proceed)
    else proceed(result)
  }

/** Catches errors of the listener. Node exits on an unhandled rejection, so one client that hangs up could stop the server. */
function run<Granted extends AnyAuth>(
  core: GuardCore,
  listener: GuardedListener<Granted>,
  request: IncomingMessage & { readonly auth: Granted },
  response: ServerResponse,
): void {
  try {
    const running = listener(request, response)
    if (running instanceof Promise) running.catch((cause: unknown) => fail(core, cause, request, response))
  } catch (cause) {
    fail(core, cause, request, response)
  }
}

function fail(core: GuardCore, cause: unknown, request: IncomingMessage, response: ServerResponse): void {
  // The client disconnected, so the listener failed to read the body. There is no one to respond to.
  if (request.destroyed && !request.complete) return
  core.logFailure(cause)
  // A complete response stays as it is. A partial one is cut off, so that it does not look complete.
  if (response.writableEnded) return
  if (response.headersSent) response.destroy()
  else send(SERVER_ERROR, request, response)
}

const SERVER_ERROR = json(500, {
  error: 'server_error',
  error_description: 'An unexpected error occurred',
})

const notFound: RequestListener = (request, response) =>
  send({ status: 404, headers: { 'Content-Type': 'text/plain' }, body: 'Not found\n' }, request, response)
