import { createServer, request as forward } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from '../support/server.ts'

/** What happens to a request instead of its being passed on; undefined passes it on. */
export type Interference = (response: ServerResponse, request: IncomingMessage) => void

/** The way to a server: it can be cut, or lead to something else. Clients see it as the server itself. */
export interface Relay {
  readonly origin: string
  /** Where requests are passed on to. */
  target: string
  /** Chooses what happens to requests of a path. */
  interfere: (path: string) => Interference | undefined
  /** The path of every request so far. */
  readonly seen: readonly string[]
  /** How often a path was asked for. */
  count(path: string): number
  [Symbol.asyncDispose](): Promise<void>
}

/** Every request fails, as when the other side is gone. */
export const cut: Interference = (response) => void response.socket?.destroy()

/** Answers with JSON. */
export const answer =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Interference =>
  (response) =>
    void response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(JSON.stringify(body))

/** Opens a way that leads nowhere yet. */
export async function openRelay(): Promise<Relay> {
  const seen: string[] = []
  const http = createServer()
  const relay: Relay = {
    origin: await listen(http),
    target: '',
    interfere: () => undefined,
    seen,
    count: (path) => seen.filter((one) => one === path).length,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  http.on('request', (request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '')
    seen.push(path)
    const interfere = relay.interfere(path)
    if (interfere) interfere(response, request)
    else passOn(relay.target, request, response)
  })
  return relay
}

function passOn(target: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url } = request
  const onward = forward(target + url, { method, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers)
    answered.pipe(response)
  })
  onward.on('error', () => void response.socket?.destroy())
  request.pipe(onward)
}
