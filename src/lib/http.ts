import { OAuthError } from '../errors.ts'

/** A request, independent of the framework. */
export interface HttpRequest {
  readonly method: string
  /** The raw path of the URL, as the client sent it. */
  readonly path: string
  /** The path that routers of the app left or wrote, if it is another one. */
  readonly routedPath?: string | undefined
  /** The raw query, without the question mark. */
  readonly query: string
  /** The address of the peer, which may be a proxy. */
  readonly peer: string
  /** Returns a header by its lower-case name. Repeated headers are joined with commas, cookies with semicolons. */
  header(name: string): string | undefined
  /** All headers, if the framework has them as `Headers`. Default: those of `original`. */
  readonly headers?: Headers
  /** Returns the whole body as text, or undefined if it is longer than `limit` bytes. */
  body(limit: number): Promise<string | undefined>
  /** The request of the framework: an `IncomingMessage`, a Fetch `Request`, an Express request, a Koa context. */
  readonly original: unknown
}

/** A response, independent of the framework. */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string
}

/** Creates the error for a client that disconnected while sending the body. It is not an error of the server. */
export const bodyCutOff = (): OAuthError =>
  new OAuthError('invalid_request', 'The request ended before its body did')

/** Creates the error for a body that was read before the server could read it. The log names the fix. */
export const bodyAlreadyRead = (): OAuthError =>
  new OAuthError('server_error', 'An unexpected error occurred', {
    detail: 'The request body was already read. Mount the server before the code that reads it',
  })

/**
 * Creates the error for a body that a parser has read and found empty, such as `&&&`. It may also be gone: some parsers set
 * an empty object without reading. The client can cause the first, so this is not an error of the server. The log names the
 * fix of the second.
 */
export const bodyParsedEmpty = (): OAuthError =>
  new OAuthError('invalid_request', 'The request has no parameters', {
    detail:
      'The app has read the body and left an empty object. If it was not empty, mount the server before the code that reads it',
  })

const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const

/** Creates a JSON response. It must not be cached (RFC 6749 section 5.1), unless `headers` contain `Cache-Control`. */
export const json = (status: number, body: unknown, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers: {
    'Content-Type': 'application/json',
    // Prevents browsers from rendering names that clients and users chose as HTML.
    'X-Content-Type-Options': 'nosniff',
    ...('Cache-Control' in headers ? {} : NO_STORE),
    ...headers,
  },
  body: JSON.stringify(body),
})

/** The response to a request for a path that is not one of the server's. */
export const NOT_FOUND: HttpResponse = json(404, {
  error: 'not_found',
  error_description: 'Nothing exists at this path',
})

/** The response to a successful request that returns nothing. */
export const NO_CONTENT: HttpResponse = { status: 204, headers: { 'Cache-Control': 'no-store' }, body: '' }

/** Redirects with 303, after which browsers send a GET (RFC 9110 section 15.4.4). Never 307 (RFC 9700 section 4.12). */
export const redirect = (location: string, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status: 303,
  headers: { Location: location, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', ...headers },
  body: '',
})

/** Returns whether a client prefers JSON to a page. */
export const prefersJson = (request: HttpRequest): boolean => {
  const accept = request.header('accept') ?? ''
  return accept.includes('application/json') && !accept.includes('text/html')
}
