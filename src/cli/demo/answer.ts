import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Html } from '../../lib/html.ts'
import type { Logger } from '../../lib/log.ts'
import { DEMO_PAGE_HEADERS } from './page.ts'

/** Answers one route of the demo. */
export type DemoRoute = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** Answers with JSON that nobody keeps. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(`${JSON.stringify(body, null, 2)}\n`)
}

/** Answers with a page of the demo. */
export function sendPage(response: ServerResponse, status: number, page: Html): void {
  response.writeHead(status, DEMO_PAGE_HEADERS)
  response.end(page.markup)
}

/** The body of a request as text; undefined where it is longer than 16 kB. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if (chunks.reduce((length, { byteLength }) => length + byteLength, 0) > 16_384) return undefined
  }
  return Buffer.concat(chunks).toString()
}

/** Sends each request to its route, by `GET /path`. What a route throws is logged and answered with 500. */
export const router =
  (routes: Readonly<Record<string, DemoRoute>>, logger: Logger): RequestListener =>
  (request, response) => {
    const path = (request.url ?? '/').replace(/\?.*/s, '')
    const route = routes[`${request.method} ${path}`] ?? notFound
    Promise.resolve()
      .then(() => route(request, response))
      .catch((cause: unknown) => {
        logger.log('error', 'The demo failed', { path, cause: String(cause) })
        if (!response.headersSent) sendJson(response, 500, { error: 'server_error' })
      })
  }

const notFound: DemoRoute = (_request, response) => sendJson(response, 404, { error: 'not_found' })
