import type { HttpRequest } from './http.ts'

/** A request of which only the headers are certain. */
export type PartialRequest = Pick<HttpRequest, 'header'> &
  Partial<Pick<HttpRequest, 'method' | 'path' | 'query' | 'headers' | 'original'>>

/** Converts a request to a `Request` of an origin, without its body. */
export function toFetchRequest(request: PartialRequest, origin: string): Request {
  const { method = 'GET', path = '/', query = '' } = request
  return new Request(`${origin}${path}${query === '' ? '' : `?${query}`}`, {
    // `Request` rejects some methods, which are answered with 405.
    method: /^(?:CONNECT|TRACE|TRACK)$/i.test(method) ? 'GET' : method,
    headers: headersOf(request),
  })
}

/** Headers that callbacks read, if the request of the framework does not list its headers. */
const COMMON = [
  'accept-language',
  'authorization',
  'cookie',
  'sec-fetch-site',
  'user-agent',
  'x-forwarded-for',
]

function headersOf({ headers: own, original, header }: PartialRequest): Headers {
  const { headers: listed = own } = (original ?? {}) as { readonly headers?: unknown }
  if (listed instanceof Headers) return new Headers(listed)
  const isRecord = typeof listed === 'object' && listed !== null
  const headers = new Headers()
  for (const name of isRecord ? Object.keys(listed) : COMMON) {
    const value = isToken(name) ? header(name.toLowerCase()) : undefined
    if (value !== undefined) headers.set(name, value)
  }
  return headers
}

/** The names of HTTP/2 begin with a colon, such as `:path`. */
const isToken = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(name)
