import { createServer, request as forward } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from '../support/server.ts'

/** Responds instead of the target. */
export type Interference = (response: ServerResponse, request: IncomingMessage) => void

/** A proxy before a server. Tests can interrupt it, or let it respond with something else. */
export interface Relay {
  readonly origin: string
  /** The origin that requests are forwarded to. */
  target: string
  /** Called for each request. Undefined forwards it. */
  interfere: (path: string, url: URL) => Interference | undefined
  /** The paths of all requests so far. */
  readonly seen: readonly string[]
  /** Returns how often a path was requested. */
  count(path: string): number
  [Symbol.asyncDispose](): Promise<void>
}

/** Closes the connection without a response. */
export const cut: Interference = (response) => void response.socket?.destroy()

/** Responds with JSON. */
export const answer =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Interference =>
  (response) =>
    void response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(JSON.stringify(body))

/** Opens a relay without a target. */
export async function openRelay(): Promise<Relay> {
  const seen: string[] = []
  const http = createServer()
  const relay: Relay = {
    origin: await listen(http),
    target: '',
    interfere: () => undefined,
    seen,
    count: (path) => seen.filter((other) => other === path).length,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  http.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', relay.origin)
    seen.push(url.pathname)
    const interfere = relay.interfere(url.pathname, url)
    if (interfere) interfere(response, request)
    else forwardTo(relay.target, request, response)
  })
  return relay
}

function forwardTo(target: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url } = request
  const onward = forward(target + url, { method, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers)
    answered.pipe(response)
  })
  onward.on('error', () => void response.socket?.destroy())
  request.pipe(onward)
}
