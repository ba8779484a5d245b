import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { AuthorizationServer } from '../server.ts'
import { CommandError } from './errors.ts'
import { print } from './output.ts'

/** A server, how it is reached, and what to do once it is. */
export interface ServerRun {
  readonly server: Pick<AuthorizationServer, 'ready' | 'close'>
  readonly listener: RequestListener
  readonly address: Address
  readonly announce: () => void | Promise<void>
}

/** Runs a server until SIGINT or SIGTERM, then ends it cleanly: requests first, the database last. */
export async function runServer({ server, listener, address, announce }: ServerRun): Promise<void> {
  const stopped = stopSignal()
  try {
    await server.ready()
    const listening = await listen(listener, address)
    await announce()
    await stopped
    await listening.close()
  } finally {
    await server.close()
  }
  print('Stopped.')
}

/** The first signal to stop. Later ones change nothing: npm sends each Ctrl-C a second time. */
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

/** An HTTP server that is listening. */
interface Listening {
  /** Takes no new request, lets open ones end for up to `bound` ms, then ends what is left. Default 10 seconds. */
  close(bound?: number): Promise<void>
}

/** The URL of an address. */
export const originOf = ({ host, port }: Address): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** Listens. Throws `CommandError` where the port is taken or the address is not this machine's. */
async function listen(listener: RequestListener, address: Address): Promise<Listening> {
  const server = createServer(listener)
  const connections = follow(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, address)))
    server.listen(address.port, address.host, resolve)
  })
  return {
    async close(bound = 10_000) {
      const closed = new Promise((resolve) => void server.close(resolve))
      connections.endIdle()
      const timer = setTimeout(() => server.closeAllConnections(), bound)
      await closed
      clearTimeout(timer)
    },
  }
}

/**
 * Knows which connections have a request open. Node itself waits for a connection that has not sent one yet, such as
 * browsers keep in reserve: that would hold up every stop.
 */
function follow(server: Server): { endIdle(): void } {
  const open = new Map<Socket, number>()
  let isEnding = false
  const change = (socket: Socket, by: number): void => {
    const requests = (open.get(socket) ?? 0) + by
    if (socket.destroyed) return
    open.set(socket, requests)
    if (isEnding && requests === 0) socket.end()
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
    endIdle() {
      isEnding = true
      for (const [socket, requests] of open) if (requests === 0) socket.destroy()
    },
  }
}

function refusal(error: NodeJS.ErrnoException, { host, port }: Address): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} of ${host} is taken: choose another with PORT, as in PORT=3001`,
    EACCES: `port ${port} may not be used by this account: choose one above 1023 with PORT`,
    EADDRNOTAVAIL: `${host} is no address of this machine: choose another with HOST`,
    ENOTFOUND: `${host} is no address of this machine: choose another with HOST`,
  }
  const reason = reasons[error.code ?? '']
  return reason === undefined ? error : new CommandError(reason)
}
