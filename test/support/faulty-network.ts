import { createServer, request as send } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from './server.ts'

/** The network between clients and a server: a proxy that fails as a test asks it to. */
export interface FaultyNetwork {
  /** Where clients reach the server. */
  readonly origin: string
  /** The paths of all requests that reached the server, in order. */
  readonly requests: readonly string[]
  /** Leads to another server from now on, or to none. */
  connect(origin: string | undefined): void
  /** The server processes the next request for this path, but its response is lost. */
  loseResponse(path: string): void
  /** Responds to the next request for this path in place of the server. */
  respond(path: string, status: number, headers?: Readonly<Record<string, string>>, body?: string): void
  /** Holds back the response to the next request for this path. Resolves when the server has sent it; the function releases it. */
  hold(path: string): Promise<() => void>
  close(): void
}

type Fault = (incoming: IncomingMessage, response: ServerResponse) => void

/** Starts a network that leads nowhere yet. */
export async function startNetwork(): Promise<FaultyNetwork> {
  let target: string | undefined
  const requests: string[] = []
  const faults = new Map<string, Fault>()

  /** Forwards a request. Calls back with the response of the server. */
  function forward(incoming: IncomingMessage, response: ServerResponse, deliver: (send: () => void) => void) {
    if (target === undefined) return void incoming.socket.destroy()
    requests.push(incoming.url ?? '')
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
    const fault = incoming.method === 'OPTIONS' ? undefined : faults.get(pathname)
    if (!fault) return forward(incoming, response, (deliver) => deliver())
    faults.delete(pathname)
    fault(incoming, response)
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
    respond(path, status, headers = {}, body = '') {
      // Scripts can read it, as the page of a gateway in front of the server.
      faults.set(path, ({ headers: { origin } }, response) =>
        response.writeHead(status, { 'Access-Control-Allow-Origin': origin ?? '*', ...headers }).end(body),
      )
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
