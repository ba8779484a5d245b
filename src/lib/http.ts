import { OAuthError } from '../errors.ts'

/** A request as the server sees it, whatever framework it came through. */
export interface HttpRequest {
  readonly method: string
  /** The path of the URL, as it was sent. */
  readonly path: string
  /** The query without its question mark, as it was sent. */
  readonly query: string
  /** The address of the peer, which may be a proxy. */
  readonly peer: string
  /** A header's value by its name in lower case; several are joined with commas, cookies with semicolons. */
  header(name: string): string | undefined
  /** The whole body as text; undefined where it is longer than `limit` bytes. */
  body(limit: number): Promise<string | undefined>
}

/** A response before it becomes a framework's. */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string
}

/** The caller went away in the middle of its body: no error of ours. */
export const bodyCutOff = (): OAuthError =>
  new OAuthError('invalid_request', 'The request ended before its body did')

const UNKEPT = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const

/** A JSON answer that nobody keeps (RFC 6749 section 5.1), unless `headers` say how long it may be kept. */
export const json = (status: number, body: unknown, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers: {
    'Content-Type': 'application/json',
    // What others have named things must not be taken for a page by a browser that guesses.
    'X-Content-Type-Options': 'nosniff',
    ...('Cache-Control' in headers ? {} : UNKEPT),
    ...headers,
  },
  body: JSON.stringify(body),
})

/** Sends the browser on with a GET, whatever the method was (RFC 9110 section 15.4.4; never 307, RFC 9700 section 4.12). */
export const redirect = (location: string, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status: 303,
  headers: { Location: location, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', ...headers },
  body: '',
})

/** Whether a client would rather read JSON than a page. */
export const prefersJson = (request: HttpRequest): boolean => {
  const accept = request.header('accept') ?? ''
  return accept.includes('application/json') && !accept.includes('text/html')
}
