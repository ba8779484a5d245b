import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Starts a plain node:http server on a free port of 127.0.0.1. */
export async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Parses the form of a request. URLSearchParams is twice as fast as node:querystring. */
export function readForm(request: IncomingMessage, use: (form: URLSearchParams) => void): void {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
  request.on('end', () => use(new URLSearchParams(body)))
}

/**
 * Responds 200 with JSON (ASCII) and `no-store` (RFC 6749 section 5.1). A flat header list is faster than an object,
 * which node:http converts first.
 */
export function answerJson(response: ServerResponse, text: string): void {
  const length = String(text.length)
  response.writeHead(200, [
    'Content-Type',
    'application/json',
    'Content-Length',
    length,
    'Cache-Control',
    'no-store',
  ])
  response.end(text)
}
