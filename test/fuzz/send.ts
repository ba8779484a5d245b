import type { HttpResponse, Auth } from '../../src/index.ts'
import type { Random } from './random.ts'
import { headerOf, toHttpRequest, toFetchRequest, type Message } from './request.ts'
import type { TargetName } from './targets.ts'
import type { Fixture } from './fixture.ts'

export interface Outcome {
  /** The request as the server received it: the Fetch standard normalizes URLs. */
  readonly message: Message
  /** Undefined for paths of no route. `accepted` if a guard accepted the token. */
  readonly response: HttpResponse | { readonly accepted: Auth } | undefined
}

const GUARDS = { user: [], machine: [], anyone: [{ anyOf: ['orders:read', 'profile'] }] } as const

const isGuard = (target: TargetName): target is keyof typeof GUARDS => Object.hasOwn(GUARDS, target)

/** Sends a message as the Node adapters do, or in three of ten cases as the Fetch adapters do. */
export async function send(
  { server: { server, origin } }: Fixture,
  target: TargetName,
  message: Message,
  random: Random,
): Promise<Outcome> {
  const request = random.chance(0.3) ? toFetchRequest(message, origin) : undefined
  if (isGuard(target)) {
    const scopes = GUARDS[target]
    if (!request) {
      const requirement = server.core.requirement(target, scopes)
      const result = await server.core.check(
        { method: message.method, headers: guardHeadersOf(message) },
        requirement,
      )
      return {
        message,
        response: 'kind' in result ? { accepted: result } : { ...result, body: JSON.stringify(result.body) },
      }
    }
    const result = await server[target](...scopes)(request)
    return {
      message: asReceived(request, message),
      response: result instanceof Response ? await toHttpResponse(result) : { accepted: result },
    }
  }
  if (!request) return { message, response: await server.core.handle(toHttpRequest(message)) }
  const response = await server.fetch(request, { peer: message.peer })
  const isNone = response.status === 404 && !response.headers.has('x-request-id')
  return {
    message: asReceived(request, message),
    response: isNone ? undefined : await toHttpResponse(response),
  }
}

function asReceived({ url, method, headers }: Request, message: Message): Message {
  const { pathname, search } = new URL(url)
  return { ...message, method, path: pathname, query: search.slice(1), headers: [...headers] }
}

async function toHttpResponse(response: Response): Promise<HttpResponse> {
  const { status, headers } = response
  const cookies = headers.getSetCookie()
  const list = { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) }
  return { status, headers: list, body: await response.text() }
}

/** The headers that a guard reads, as in `node:http`. */
const guardHeadersOf = (message: Message): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(GUARD_HEADERS.map((name) => [name, headerOf(message, name)]))

const GUARD_HEADERS = ['authorization', 'cookie', 'origin', 'sec-fetch-site', 'x-xsrf-token', 'x-csrf-token']
