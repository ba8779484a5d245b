import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyCutOff, type HttpResponse, type HttpRequest } from '../lib/http.ts'

/** Converts a request of `node:http`. */
export function fromMessage(message: IncomingMessage): HttpRequest {
  const url = message.url ?? '/'
  const queryStart = url.indexOf('?')
  return {
    method: message.method ?? 'GET',
    path: queryStart < 0 ? url : url.slice(0, queryStart),
    query: queryStart < 0 ? '' : url.slice(queryStart + 1),
    peer: message.socket.remoteAddress ?? '',
    // Only Set-Cookie is an array, which no request has.
    header: (name) => message.headers[name]?.toString(),
    body: (limit) => readText(message, limit),
  }
}

/** Reads no further than the limit: the response to a longer body closes the connection. */
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
    const end = (): void => reject(bodyCutOff())
    // Node emits an error if the client disconnects. It is not ours.
    message.on('error', end)
    // Emitted after every request: an error object is too expensive to create each time.
    message.on('close', () => !message.complete && end())
  })
}

/** Sends a response. */
export function send(
  { status, headers, body }: HttpResponse,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const lines = linesOf(headers)
  // Forbidden with 204 (RFC 9110 section 8.6).
  if (status !== 204) lines.push('Content-Length', String(Buffer.byteLength(body)))
  // The unread rest of a body would be parsed as the next request.
  if (!request.complete && hasBody(request) && body !== '') lines.push('Connection', 'close')
  response.writeHead(status, lines)
  // Node omits the body for HEAD.
  response.end(body)
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
