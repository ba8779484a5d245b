import '../lib/node-version.ts'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guards, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import { json } from '../lib/http.ts'
import type { AuthorizationServer, Core } from '../server.ts'
import { fromMessage, send } from './node-message.ts'

/**
 * A listener that knows who the request is from. What it throws, or rejects with, is logged and becomes a 500; it ends no
 * other request.
 */
export type GuardedListener<Granted extends Auth> = (
  request: IncomingMessage & { readonly auth: Granted },
  response: ServerResponse,
) => void | Promise<void>

/** Wraps a listener so that it is called for those who may pass, and all others get their answer. */
export type ListenerGuard<Granted extends Auth> = (listener: GuardedListener<Granted>) => RequestListener

/** Guards for routes of `node:http`. */
export interface NodeGuards<Scope extends string, Provider extends string = string> {
  /** A route for people. */
  user(...scopes: Scopes<Scope>): ListenerGuard<UserAuth<Scope, Provider>>
  /** A route for clients that act for themselves. */
  machine(...scopes: Scopes<Scope>): ListenerGuard<MachineAuth<Scope>>
  /** A route for both. */
  anyone(...scopes: Scopes<Scope>): ListenerGuard<Auth<Scope, Provider>>
}

/** A server mounted in `node:http`. */
export interface NodeAdapter<Scope extends string, Provider extends string = string> extends NodeGuards<
  Scope,
  Provider
> {
  /** Answers the server's own paths, and hands every other request on; without `otherwise` those get 404. */
  routes(otherwise?: RequestListener): RequestListener
}

/**
 * Mounts a server in Node's own HTTP server: `createServer(toNode(server).routes())`. A guard from `consulate/guard` has
 * no routes of its own, and guards yours in the same way.
 */
export function toNode<Scope extends string, Provider extends string>(
  server: AuthorizationServer<Scope, Provider>,
): NodeAdapter<Scope, Provider>
export function toNode<Scope extends string, Provider extends string>(
  guard: Guards<Scope, Provider>,
): NodeGuards<Scope, Provider>
export function toNode({
  core,
}: {
  readonly core: GuardCore | Core
}): NodeGuards<string> | NodeAdapter<string> {
  const guards: NodeGuards<string> = {
    user: (...scopes) => guard(core, core.requirement('user', scopes)),
    machine: (...scopes) => guard(core, core.requirement('machine', scopes)),
    anyone: (...scopes) => guard(core, core.requirement('anyone', scopes)),
  }
  return 'handle' in core ? { ...guards, routes: routesOf(core) } : guards
}

const routesOf =
  (core: Core): NodeAdapter<string>['routes'] =>
  (otherwise = notFound) =>
  (request, response) => {
    const answering = core.handle(fromMessage(request))
    if (answering) void answering.then((answer) => send(answer, request, response))
    else otherwise(request, response)
  }

const guard =
  <Granted extends Auth>(core: GuardCore, requirement: Requirement): ListenerGuard<Granted> =>
  (listener) =>
  (request, response) => {
    const admit = (answer: Auth | Refusal): void => {
      if (isRefusal(answer)) send({ ...answer, body: JSON.stringify(answer.body) }, request, response)
      else run(core, listener, Object.assign(request, { auth: answer as Granted }), response)
    }
    const verdict = core.check(request.headers.authorization, requirement)
    if (verdict instanceof Promise) void verdict.then(admit)
    else admit(verdict)
  }

/** Node ends the process where a listener rejects: one caller that hangs up would end everybody's requests. */
function run<Granted extends Auth>(
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
  // The client went away: reading its body throws then, and there is nobody to answer.
  if (request.destroyed && !request.complete) return
  core.logFailure(cause)
  // An answer that is whole is left alone; half of one must not be taken for whole.
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
