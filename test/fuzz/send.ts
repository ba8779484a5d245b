import type { HttpResponse, Auth } from '../../src/index.ts'
import type { Random } from './random.ts'
import { headerOf, incomingOf, requestOf, type Message } from './request.ts'
import type { TargetName } from './targets.ts'
import type { World } from './world.ts'

/** What came of a message. */
export interface Outcome {
  /** The message as the server saw it: URLs of the Fetch standard are normalized before. */
  readonly message: Message
  /** Undefined where the path is none of the server's; `granted` where a guard let somebody in. */
  readonly answer: HttpResponse | { readonly granted: Auth } | undefined
}

const GUARDS = { user: [], machine: [], anyone: [{ anyOf: ['orders:read', 'profile'] }] } as const

const isGuard = (target: TargetName): target is keyof typeof GUARDS => Object.hasOwn(GUARDS, target)

/** Sends a message: as adapters of Node do it, and every third as those of the Fetch standard do. */
export async function send(
  { server: { server, origin } }: World,
  target: TargetName,
  message: Message,
  random: Random,
): Promise<Outcome> {
  const request = random.chance(0.3) ? requestOf(message, origin) : undefined
  if (isGuard(target)) {
    const scopes = GUARDS[target]
    if (!request) {
      const requirement = server.core.requirement(target, scopes)
      const found = await server.core.check(headerOf(message, 'authorization'), requirement)
      return {
        message,
        answer: 'kind' in found ? { granted: found } : { ...found, body: JSON.stringify(found.body) },
      }
    }
    const found = await server[target](...scopes)(request)
    return {
      message: seen(request, message),
      answer: found instanceof Response ? await answerOf(found) : { granted: found },
    }
  }
  if (!request) return { message, answer: await server.core.handle(incomingOf(message)) }
  const response = await server.fetch(request, { peer: message.peer })
  const isNone = response.status === 404 && !response.headers.has('x-request-id')
  return { message: seen(request, message), answer: isNone ? undefined : await answerOf(response) }
}

function seen({ url, method, headers }: Request, message: Message): Message {
  const { pathname, search } = new URL(url)
  return { ...message, method, path: pathname, query: search.slice(1), headers: [...headers] }
}

async function answerOf(response: Response): Promise<HttpResponse> {
  const { status, headers } = response
  const cookies = headers.getSetCookie()
  const list = { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) }
  return { status, headers: list, body: await response.text() }
}
