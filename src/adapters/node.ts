import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { OAuthError } from '../errors.ts'
import type { Auth, MachineAuth, UserAuth } from '../guard/auth.ts'
import { isRefusal, type Refusal } from '../guard/refusal.ts'
import type { GuardCore, Guarded, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'
import { json, type Answer, type Incoming } from '../lib/http.ts'
import type { AuthorizationServer, Core } from '../server.ts'

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
  guard: Guarded<Scope, Provider>,
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
  core.failed(cause)
  if (response.headersSent) response.destroy()
  else send(SERVER_ERROR, request, response)
}

const SERVER_ERROR = json(500, {
  error: 'server_error',
  error_description: 'Something went wrong on our side',
})

const notFound: RequestListener = (request, response) =>
  send({ status: 404, headers: { 'Content-Type': 'text/plain' }, body: 'Not found\n' }, request, response)

/** A message of `node:http` as the server sees it. */
function fromMessage(message: IncomingMessage): Incoming {
  const url = message.url ?? '/'
  const mark = url.indexOf('?')
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    peer: message.socket.remoteAddress ?? '',
    header: (name) => joined(message.headers[name], name),
    body: (limit) => readText(message, limit),
  }
}

const joined = (value: string | string[] | undefined, name: string): string | undefined =>
  Array.isArray(value) ? value.join(name === 'cookie' ? '; ' : ', ') : value

/** Reads no further than the limit: the answer to more ends the connection. */
function readText(message: IncomingMessage, limit: number): Promise<string | undefined> {
  if (Number(message.headers['content-length'] ?? 0) > limit) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    message.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > limit) {
        message.pause()
        resolve(undefined)
      } else chunks.push(chunk)
    })
    message.on('end', () => resolve(Buffer.concat(chunks).toString()))
    const end = (): void => reject(new OAuthError('invalid_request', 'The request ended before its body did'))
    // Node calls it an error when the client goes away; it is none of ours.
    message.on('error', end)
    // It comes after every request: an error costs too much to be made in vain.
    message.on('close', () => !message.complete && end())
  })
}

function send({ status, headers, body }: Answer, request: IncomingMessage, response: ServerResponse): void {
  const lines = linesOf(headers)
  lines.push('Content-Length', String(Buffer.byteLength(body)))
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete && hasBody(request) && body !== '') lines.push('Connection', 'close')
  response.writeHead(status, lines)
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** RFC 9112 section 6: a request without either header has no body, whether Node has seen its end yet or not. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Names and values in one list: `node:http` sends it as it is, where an object becomes a table of its own first. */
function linesOf(headers: Answer['headers']): string[] {
  const lines: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(name, one)
  }
  return lines
}
