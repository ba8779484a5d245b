import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where to listen. */
export interface Address {
  readonly host: string
  readonly port: number
}

export const originOf = ({ host, port }: Address): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** A server that listens. */
export interface HttpServer {
  /**
   * Keeps accepting requests for `time` milliseconds and closes each connection after its response, so that a proxy can move
   * to another node without losing one.
   */
  drain(time: number): Promise<void>
  /** Stops accepting requests, waits up to `timeout` ms (default 10 seconds) for open ones, then closes all connections. */
  close(timeout?: number): Promise<void>
}

/**
 * How long (ms) an idle connection stays open. Longer than the 60 seconds of common proxies: a proxy that closes first never
 * sends a request on a connection that is just being closed.
 */
const KEEP_ALIVE_TIMEOUT = 75_000

/** Starts listening, with a listener or a server that does not listen yet. Throws `ListenError` if it cannot. */
export async function listen(app: RequestListener | Server, address: Address): Promise<HttpServer> {
  const server = typeof app === 'function' ? createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT }, app) : app
  const connections = trackConnections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  }).catch((error: NodeJS.ErrnoException) => {
    throw listenError(error, address)
  })
  return {
    async drain(time) {
      if (time === 0) return
      connections.closeAfterResponses()
      await sleep(time)
    },
    async close(timeout = 10_000) {
      const closed = new Promise((resolve) => void server.close(resolve))
      connections.closeIdle()
      const timer = setTimeout(() => server.closeAllConnections(), timeout)
      await closed
      clearTimeout(timer)
    },
  }
}

/**
 * Tracks which connections have open requests. `server.close()` waits for connections that have not sent one yet, and
 * browsers keep such connections in reserve, which would delay every stop.
 */
function trackConnections(server: Server): { closeAfterResponses(): void; closeIdle(): void } {
  const open = new Map<Socket, Set<ServerResponse>>()
  let isDraining = false
  let isClosing = false
  server.on('connection', (socket) => {
    open.set(socket, new Set())
    socket.once('close', () => open.delete(socket))
  })
  server.prependListener('request', ({ socket }, response) => {
    const responses = open.get(socket)
    responses?.add(response)
    if (isDraining) announceClose(response)
    response.once('close', () => {
      responses?.delete(response)
      if (isClosing && responses?.size === 0) socket.end()
    })
  })
  return {
    closeAfterResponses() {
      isDraining = true
      for (const responses of open.values()) responses.forEach(announceClose)
    },
    closeIdle() {
      isClosing = true
      for (const [socket, responses] of open) if (responses.size === 0) socket.destroy()
    },
  }
}

/** Node closes the connection after a response with this header. */
function announceClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

/** The server cannot listen: the port is taken or reserved, or the address is not of this machine. The message is a sentence. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  /** What to change. */
  readonly wrong: keyof Address

  constructor(message: string, wrong: keyof Address) {
    super(message)
    this.wrong = wrong
  }
}

function listenError(error: NodeJS.ErrnoException, { host, port }: Address): Error {
  const isOther = new ListenError(`${host} is not an address of this machine.`, 'host')
  const errors: Readonly<Record<string, Error>> = {
    EADDRINUSE: new ListenError(`Port ${port} on ${host} is in use.`, 'port'),
    ERR_SOCKET_BAD_PORT: new ListenError(`${port} is not a port.`, 'port'),
    EACCES: new ListenError(`This account may not use port ${port}.`, 'port'),
    EADDRNOTAVAIL: isOther,
    ENOTFOUND: isOther,
  }
  return errors[error.code ?? ''] ?? error
}
