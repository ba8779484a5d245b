import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { iconFor } from '../pages/icon.ts'
import type { AuthorizationServer } from '../server.ts'
import { CommandError } from './errors.ts'
import { print } from './output.ts'

/** A server to run. */
export interface ServerRun {
  readonly server: Pick<AuthorizationServer, 'ready' | 'close'>
  readonly listener: RequestListener
  readonly address: Address
  /** Called when the server accepts requests. */
  readonly announce?: () => void | Promise<void>
  /** Resolves when the server must stop. */
  readonly stopped: Promise<unknown>
}

/** Runs a server until it is stopped. Then finishes open requests and closes the database. */
export async function runServer({ server, listener, address, announce, stopped }: ServerRun): Promise<void> {
  try {
    await server.ready()
    const listening = await listen(withIcon(listener), address)
    await announce?.()
    await stopped
    await listening.close()
  } finally {
    await server.close()
  }
}

/** Runs a server until SIGINT or SIGTERM. */
export async function runUntilSignal(run: Omit<ServerRun, 'stopped'>): Promise<void> {
  await runServer({ ...run, stopped: stopSignal() })
  print('Stopped.')
}

/** Resolves at the first signal. Later ones are ignored, because npm sends each Ctrl-C twice. */
const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    process.on('SIGINT', resolve)
    process.on('SIGTERM', resolve)
  })

/** Where to listen. */
export interface Address {
  readonly host: string
  readonly port: number
}

interface HttpServer {
  /** Stops accepting requests, waits up to `timeout` ms (default 10 seconds) for open ones, then closes all connections. */
  close(timeout?: number): Promise<void>
}

export const originOf = ({ host, port }: Address): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** Starts listening. Throws `CommandError` if the port is in use or the address is not of this machine. */
async function listen(listener: RequestListener, address: Address): Promise<HttpServer> {
  const server = createServer(listener)
  const connections = trackConnections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address)))
    server.listen(address.port, address.host, resolve)
  })
  return {
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
 * Tracks which connections have an open request. `server.close()` waits for connections that have not sent one yet, and
 * browsers keep such connections in reserve, which would delay every stop.
 */
function trackConnections(server: Server): { closeIdle(): void } {
  const open = new Map<Socket, number>()
  let isClosing = false
  const change = (socket: Socket, by: number): void => {
    const requests = (open.get(socket) ?? 0) + by
    if (socket.destroyed) return
    open.set(socket, requests)
    if (isClosing && requests === 0) socket.end()
  }
  server.on('connection', (socket) => {
    open.set(socket, 0)
    socket.once('close', () => open.delete(socket))
  })
  server.prependListener('request', ({ socket }, response) => {
    change(socket, 1)
    response.once('close', () => change(socket, -1))
  })
  return {
    closeIdle() {
      isClosing = true
      for (const [socket, requests] of open) if (requests === 0) socket.destroy()
    },
  }
}

const ICON_HEADERS = {
  'Content-Type': 'image/svg+xml',
  'Content-Security-Policy': "default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'public, max-age=86400',
} as const

/** Answers `/favicon.ico`, which browsers request by themselves for JSON responses and other resources without a page. */
const withIcon =
  (otherwise: RequestListener): RequestListener =>
  (request, response) =>
    request.url === '/favicon.ico' && request.method === 'GET'
      ? response.writeHead(200, ICON_HEADERS).end(iconFor())
      : otherwise(request, response)

function listenError(error: NodeJS.ErrnoException, { host, port }: Address): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is in use. Choose another one, such as --port 3001.`,
    EACCES: `This account may not use port ${port}. Choose a port above 1023 with --port.`,
    EADDRNOTAVAIL: `${host} is not an address of this machine. Choose another one with --host.`,
    ENOTFOUND: `${host} is not an address of this machine. Choose another one with --host.`,
  }
  const reason = reasons[error.code ?? '']
  return reason === undefined ? error : new CommandError(reason)
}
