import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { isWhole } from './wire.ts'

/** The response timeout (ms). */
const PATIENCE = 10_000

/** A keep-alive connection with one request at a time. */
export interface Connection {
  /** Sends a request and resolves with the raw response, one character per byte. Rejects if there is none. */
  exchange(wire: string): Promise<string>
  close(): void
}

/**
 * Connects to a port of 127.0.0.1. It reads into one buffer and sends each request in one write, which is cheaper than
 * node:http and keeps the load generator from being the limit.
 */
export async function openConnection(port: number): Promise<Connection> {
  let waiting: PromiseWithResolvers<string> | undefined
  let received = ''
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: { buffer: Buffer.alloc(65_536), callback },
  })
  await once(socket, 'connect')
  failWhenClosed(socket, (error) => waiting?.reject(error))

  function callback(size: number, buffer: Uint8Array): boolean {
    received += (buffer as Buffer).toString('latin1', 0, size)
    if (!isWhole(received)) return true
    const answer = received
    received = ''
    waiting?.resolve(answer)
    return true
  }

  return {
    async exchange(wire) {
      if (socket.destroyed) throw new Error('the server closed the connection')
      waiting = Promise.withResolvers()
      socket.write(wire, 'latin1')
      return waiting.promise
    },
    close: () => void socket.destroy(),
  }
}

function failWhenClosed(socket: Socket, fail: (error: Error) => void): void {
  let reason = new Error('the connection was closed')
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error(`no answer in ${PATIENCE} ms`)))
  socket.on('error', (error) => (reason = error))
  socket.on('close', () => fail(reason))
}
