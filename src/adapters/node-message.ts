import { ServerResponse, type IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { bodyAlreadyRead, bodyCutOff, type HttpResponse, type HttpRequest } from '../lib/http.ts'
import { locationOf } from '../lib/location.ts'
import { readParsedBody, textOf } from '../lib/parsed-body.ts'
import type { Core } from '../server.ts'
import { CORS_HEADERS } from './cors-headers.ts'

/** What a framework knows about a request of `node:http`. */
export interface FrameworkMessage {
  /** What the framework has read of the body: text, bytes, or the parsed form or JSON. Default: `rawBody` or `body`. */
  readonly body?: unknown
  /** The URL that the client sent, if a router changes `url`. Default: `originalUrl` of the message. */
  readonly originalUrl?: string | undefined
  /** The request or context of the framework. Default: the message. */
  readonly original?: unknown
}

/** A message as middleware of Connect, Express and others leaves it. */
type RoutedMessage = IncomingMessage & {
  readonly originalUrl?: unknown
  readonly body?: unknown
  readonly rawBody?: unknown
}

/** Converts a request of `node:http`. */
export function fromMessage(message: RoutedMessage, framework: FrameworkMessage = {}): HttpRequest {
  const { originalUrl = message.originalUrl } = framework
  // Only Set-Cookie is an array, which no request has.
  const header = (name: string): string | undefined => message.headers[name]?.toString()
  return {
    method: message.method ?? 'GET',
    ...locationOf({ url: message.url, originalUrl }),
    peer: message.socket.remoteAddress ?? '',
    header,
    body: async (limit) =>
      message.readableDidRead
        ? readParsedBody(framework.body ?? bodyOf(message), header, limit)
        : readText(message, limit),
    original: framework.original ?? message,
  }
}

/** Prefers what was sent to what a parser made of it. */
const bodyOf = ({ rawBody, body }: RoutedMessage): unknown => textOf(rawBody) ?? body

/** Reads no further than the limit: the response to a longer body closes the connection. */
function readText(message: IncomingMessage, limit: number): Promise<string | undefined> {
  if (message.readableEnded && !isAborted(message)) return Promise.resolve('')
  if (message.destroyed || isAborted(message)) return Promise.reject(bodyCutOff())
  // Something else reads it chunk by chunk, at its own pace.
  if (message.listenerCount('readable') > 0) return Promise.reject(bodyAlreadyRead())
  if (Number(message.headers['content-length'] ?? 0) > limit) return Promise.resolve(undefined)
  if (hasArrived(message)) return Promise.resolve(readAtOnce(message, limit))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    // Another listener may pause the stream and never resume it.
    const resume = (): void => void message.resume()
    message.on('data', (chunk: Buffer | string) => {
      length += chunk.length
      if (length > limit) {
        message.off('pause', resume).pause()
        resolve(undefined)
      } else chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    })
    const end = (): void => reject(bodyCutOff())
    message.on('end', () => (isAborted(message) ? end() : resolve(Buffer.concat(chunks).toString())))
    // Node emits an error if the client disconnects. It is not ours.
    message.on('error', end)
    // Emitted after every request: an error object is too expensive to create each time.
    message.on('close', () => !message.complete && end())
    message.on('pause', resume).resume()
  })
}

/** Returns whether the client gave up over HTTP/2, where that ends the body as if it were complete. */
const isAborted = (message: IncomingMessage & { readonly stream?: ServerHttp2Stream }): boolean =>
  message.stream?.aborted === true

/**
 * Returns whether Node holds the whole body, and nothing reads it yet. Small bodies arrive together with the headers. In
 * HTTP/2, `complete` can also mean that the client gave up.
 */
const hasArrived = ({ complete, readableFlowing, httpVersionMajor }: IncomingMessage): boolean =>
  complete && readableFlowing === null && httpVersionMajor === 1

/** Needs no listeners, whose registration and calls cost more than everything else about reading a form. */
function readAtOnce(message: IncomingMessage, limit: number): string | undefined {
  const chunk = (message.read() ?? '') as Buffer | string
  return Buffer.byteLength(chunk) > limit ? undefined : chunk.toString()
}

/** Answers a request to one of the server's endpoints. Returns false for any other request. */
export function answer(
  core: Core,
  request: IncomingMessage,
  response: ServerResponse,
  framework?: FrameworkMessage,
): boolean {
  const pending = core.handle(fromMessage(request, framework))
  if (!pending) return false
  void pending
    .then((result) => sendOwn(result, request, response))
    .catch((cause: unknown) => abort(core, cause, response))
  return true
}

/** Middleware that wraps the response may throw. Node would exit on an unhandled rejection. */
function abort({ logger }: Core, cause: unknown, response: ServerResponse): void {
  logger.log('error', 'Response could not be sent', { cause: String(cause) })
  response.destroy()
}

function sendOwn(result: HttpResponse, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) return
  for (const name of CORS_HEADERS) response.removeHeader(name)
  send(result, request, response)
}

/** Sends a response, unless the app has sent one meanwhile: after a timeout, for example. */
export function send(
  { status, headers, body }: HttpResponse,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (response.headersSent) return
  const lines = linesOf(headers)
  // Forbidden with 204 (RFC 9110 section 8.6).
  if (status !== 204) lines.push('Content-Length', String(Buffer.byteLength(body)))
  if (isBodyUnread(request) && body !== '') lines.push('Connection', 'close')
  writeHead(response, status, lines)
  // Node omits the body for HEAD.
  response.end(body)
}

/** Whether the connection must be closed: the rest of the body would be parsed as the next request. */
export const isBodyUnread = (request: IncomingMessage): boolean =>
  !request.complete && hasBody(request) && request.httpVersionMajor === 1

/**
 * Headers that the app has set stay, unless the response has them too. Middleware that wraps `writeHead`, such as session
 * middleware, does not always understand an array.
 */
function writeHead(response: ServerResponse, status: number, lines: string[]): void {
  const isWrapped = response.writeHead !== ServerResponse.prototype.writeHead
  if (!isWrapped && !response.hasHeader('set-cookie')) return void response.writeHead(status, lines)
  response.statusCode = status
  const names = new Set(['Set-Cookie'])
  for (let index = 0; index < lines.length; index += 2) {
    const [name = '', value = ''] = lines.slice(index, index + 2)
    if (names.has(name)) response.appendHeader(name, value)
    else response.setHeader(name, value)
    names.add(name)
  }
}

/** A request without either header has no body (RFC 9112 section 6), even if Node has not seen its end yet. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Returns names and values in one array, which `node:http` sends without copying. */
function linesOf(headers: HttpResponse['headers']): string[] {
  const lines: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(name, one)
  }
  return lines
}
