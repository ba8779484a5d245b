import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Html } from '../../lib/html.ts'
import type { Logger } from '../../lib/log.ts'
import { DEMO_PAGE_HEADERS } from './page.ts'

/** Handles the requests of one route. */
export type DemoRoute = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** Sends JSON that must not be cached. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(`${JSON.stringify(body, null, 2)}\n`)
}

export function sendPage(response: ServerResponse, status: number, page: Html): void {
  response.writeHead(status, DEMO_PAGE_HEADERS)
  response.end(page.markup)
}

/** Reads the body of a request; undefined if it is longer than 16 kB. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if (chunks.reduce((length, { byteLength }) => length + byteLength, 0) > 16_384) return undefined
  }
  return Buffer.concat(chunks).toString()
}

/** Creates a listener from routes by `GET /path`. If a route throws, the error is logged and the response is 500. */
export const createRouter =
  (routes: Readonly<Record<string, DemoRoute>>, logger: Logger): RequestListener =>
  (request, response) => {
    const path = (request.url ?? '/').replace(/\?.*/s, '')
    const route = routes[`${request.method} ${path}`] ?? sendNotFound
    Promise.resolve()
      .then(() => route(request, response))
      .catch((cause: unknown) => {
        logger.log('error', 'Demo request failed', { path, cause: String(cause) })
        if (!response.headersSent) sendJson(response, 500, { error: 'server_error' })
      })
  }

const sendNotFound: DemoRoute = (_request, response) => sendJson(response, 404, { error: 'not_found' })
