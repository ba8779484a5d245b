import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyCutOff, type HttpResponse, type HttpRequest } from '../lib/http.ts'

/** A message of `node:http` as the server sees it. */
export function fromMessage(message: IncomingMessage): HttpRequest {
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
    const end = (): void => reject(bodyCutOff())
    // Node calls it an error when the client goes away; it is none of ours.
    message.on('error', end)
    // It comes after every request: an error costs too much to be made in vain.
    message.on('close', () => !message.complete && end())
  })
}

/** Sends an answer. */
export function send(
  { status, headers, body }: HttpResponse,
  request: IncomingMessage,
  response: ServerResponse,
): void {
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
function linesOf(headers: HttpResponse['headers']): string[] {
  const lines: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(name, one)
  }
  return lines
}
