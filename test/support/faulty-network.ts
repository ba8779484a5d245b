import { createServer, request as send } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from './server.ts'

/** The network between clients and a server: a proxy that fails as a test asks it to. */
export interface FaultyNetwork {
  /** Where clients reach the server. */
  readonly origin: string
  /** The paths of all requests, in order. */
  readonly requests: readonly string[]
  /** Leads to another server from now on, or to none. */
  connect(origin: string | undefined): void
  /** The server processes the next request for this path, but its response is lost. */
  loseResponse(path: string): void
  /** Responds to the next requests for this path in place of the server. */
  respond(path: string, status: number, headers?: Headers, body?: string, times?: number): void
  /** Holds back the response to the next request for this path. Resolves when the server has sent it; the function releases it. */
  hold(path: string): Promise<() => void>
  close(): void
}

type Headers = Readonly<Record<string, string>>

/** Handles one request. Returns whether it also handles the next one. */
type Fault = (incoming: IncomingMessage, response: ServerResponse) => boolean | void

/** Starts a network that leads nowhere yet. */
export async function startNetwork(): Promise<FaultyNetwork> {
  let target: string | undefined
  const requests: string[] = []
  const faults = new Map<string, Fault>()

  /** Forwards a request. Calls back with the response of the server. */
  function forward(incoming: IncomingMessage, response: ServerResponse, deliver: (send: () => void) => void) {
    if (target === undefined) return void incoming.socket.destroy()
    const { method, headers } = incoming
    const outgoing = send(target + incoming.url, { method, headers, agent: false }, (result) => {
      const chunks: Buffer[] = []
      result.on('data', (chunk: Buffer) => chunks.push(chunk))
      result.on('end', () =>
        deliver(() =>
          response.writeHead(result.statusCode ?? 500, result.rawHeaders).end(Buffer.concat(chunks)),
        ),
      )
    })
    outgoing.on('error', () => incoming.socket.destroy())
    incoming.pipe(outgoing)
  }

  const http = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url ?? '/', 'http://localhost')
    requests.push(pathname)
    const fault = faults.get(pathname)
    if (!fault) return forward(incoming, response, (deliver) => deliver())
    if (fault(incoming, response) !== true) faults.delete(pathname)
  })

  return {
    origin: await listen(http),
    requests,
    connect(origin) {
      target = origin
    },
    loseResponse(path) {
      faults.set(path, (incoming, response) => forward(incoming, response, () => incoming.socket.destroy()))
    },
    respond(path, status, headers = {}, body = '', times = 1) {
      let left = times
      if (times === 0) faults.delete(path)
      else
        faults.set(path, ({ headers: { origin = '*' } }, response) => {
          // Scripts of the page can read it.
          response.writeHead(status, { 'Access-Control-Allow-Origin': origin, ...headers }).end(body)
          left -= 1
          return left > 0
        })
    },
    hold: (path) =>
      new Promise((resolve) => {
        faults.set(path, (incoming, response) => forward(incoming, response, resolve))
      }),
    close() {
      http.close()
      http.closeAllConnections()
    },
  }
}
