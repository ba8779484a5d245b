import { ConfigError } from '../errors.ts'
import { clientAddress, type TrustedProxies } from './address.ts'
import type { HttpRequest } from './http.ts'

/** Headers as a `Headers` object, or by name as in `node:http`. */
export type HeadersLike =
  | Pick<Headers, 'get'>
  | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * A request as your app has it: a `Request`, a request of `node:http` or of a framework that extends it, or the headers with
 * `peer`, the IP address of the connection. A `Request` does not have the address: write
 * `{ headers: request.headers, peer }` if you know it. `original` is what `appSession.current` receives in place of that
 * object.
 */
export type RequestLike =
  | { readonly headers: HeadersLike; readonly peer?: string; readonly original?: unknown }
  | { readonly headers: HeadersLike; readonly socket: { readonly remoteAddress?: string | undefined } }

/**
 * Converts a request of the app. An unknown address is empty.
 *
 * @throws ConfigError if it is not a request
 */
export function fromRequestLike(
  request: RequestLike,
): Pick<HttpRequest, 'header' | 'headers' | 'peer' | 'original'> {
  // From JavaScript, it can be anything: a response, or a request without its headers.
  const { headers, peer, socket, original = request } = (request ?? {}) as Partial<Record<string, unknown>>
  if (typeof headers !== 'object' || headers === null) throw new ConfigError([NOT_A_REQUEST])
  const address = peer ?? (socket as { readonly remoteAddress?: unknown } | undefined)?.remoteAddress
  return {
    header: readerOf(headers as HeadersLike),
    peer: typeof address === 'string' ? address : '',
    ...(headers instanceof Headers && { headers }),
    original,
  }
}

const NOT_A_REQUEST = {
  path: 'request',
  message: 'must be a Request, a request of node:http, or an object with headers and peer',
} as const

/** Returns a function that reads a header by its lower-case name. */
export function readerOf(headers: HeadersLike): HttpRequest['header'] {
  if (isHeaders(headers)) return (name) => headers.get(name) ?? undefined
  return (name) => joined(valueOf(headers, name), name === 'cookie' ? '; ' : ', ')
}

/** Node writes names in lower case. An object from elsewhere may have `Cookie`. */
const valueOf = (headers: Exclude<HeadersLike, Pick<Headers, 'get'>>, name: string) =>
  Object.hasOwn(headers, name)
    ? headers[name]
    : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]

const isHeaders = (headers: HeadersLike): headers is Pick<Headers, 'get'> => typeof headers.get === 'function'

const joined = (value: string | readonly string[] | undefined, separator: string): string | undefined =>
  typeof value === 'string' || value === undefined ? value : value.join(separator)

/** Returns the address of the client, as reported by trusted proxies. */
export const addressOf = (
  { header, peer }: Pick<HttpRequest, 'header' | 'peer'>,
  trusted: TrustedProxies,
): string => clientAddress(peer, header('x-forwarded-for') ?? null, trusted)
