import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { openStore } from '../../src/store/url.ts'
import { listen, startServer } from './server.ts'
import type { ServerOptions, TestServer } from './server.ts'

/** Two nodes of one server behind a load balancer, which sends each request to the other node than the one before. */
export interface Balanced {
  /** The server as clients see it. Its `clock` is that of the first node. */
  readonly server: TestServer
  readonly nodes: readonly [TestServer, TestServer]
  /** Chooses the node of the next request. */
  startWith(index: number): void
  close(): Promise<void>
}

/** Starts two nodes on one database: a file, or the database of the URL. */
export async function startBalanced(options: ServerOptions = {}, url?: string): Promise<Balanced> {
  const http = createServer()
  const origin = await listen(http)
  const storeOf = () => url !== undefined && { store: openStore(url) }
  const first = await startServer({ issuer: origin, ...options, ...storeOf() })
  const nodes = [
    first,
    await startServer({ issuer: origin, ...options, ...storeOf(), file: first.file }),
  ] as const
  let turn = 0
  http.on('request', (request, response) => {
    const node = nodes[turn++ % 2] ?? first
    void forward(node, request, response)
  })
  return {
    server: { ...first, origin, issuer: origin, endpoint: (path) => origin + path },
    nodes,
    startWith: (index) => void (turn = index),
    async close() {
      http.close()
      http.closeAllConnections()
      await nodes[1].close()
      await first.close()
    },
  }
}

async function forward(
  { origin }: TestServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
  const { method = 'GET', url = '/' } = request
  const body = await buffer(request)
  const answer = await fetch(origin + url, {
    method,
    headers: headers as Record<string, string>,
    redirect: 'manual',
    ...(body.length > 0 && { body }),
  })
  const { 'set-cookie': ____, ...rest } = Object.fromEntries(answer.headers)
  response.writeHead(answer.status, { ...rest, 'set-cookie': answer.headers.getSetCookie() })
  response.end(Buffer.from(await answer.arrayBuffer()))
}
