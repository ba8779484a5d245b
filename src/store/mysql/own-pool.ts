import { connect, type Socket } from 'node:net'
import type { PoolConnection, PoolOptions } from 'mysql2'
import { expectServer, QUESTION } from '../wrong-server.ts'
import type { OpenPool } from './pool.ts'
import { prepareOwnSession } from './session.ts'

/** A server allows 16,382 prepared statements by default, for all connections of all nodes. */
const MAX_STATEMENTS = 100

/** How long (ms) a connection without queries stays open, if there are several: less than the server keeps it. */
const IDLE_TIMEOUT = 30_000

/** Opens a pool that belongs to the store. The driver is imported only here: an app's pool may come from another copy. */
export async function openOwnPool(config: PoolOptions, busyTimeout: number): Promise<OpenPool> {
  const { createPool } = await import('mysql2')
  const { connectionLimit = 0 } = config
  const connections = new Set<PoolConnection>()
  const pool = createPool({
    ...config,
    charset: 'utf8mb4',
    connectTimeout: busyTimeout,
    stream: createSockets(config, busyTimeout),
    maxPreparedStatements: MAX_STATEMENTS,
    // The driver closes idle connections only if this is less than its limit.
    maxIdle: Math.max(connectionLimit - 1, 1),
    idleTimeout: IDLE_TIMEOUT,
  })
  pool.on('connection', (connection) => {
    connections.add(connection)
    connection.once('end', () => connections.delete(connection))
  })
  return {
    pool,
    prepare: (run) => prepareOwnSession(run, busyTimeout),
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      // A server that does not respond would never let go of the connections.
      const timer = setTimeout(resolve, busyTimeout)
      pool.end(() => resolve())
      await promise
      clearTimeout(timer)
      for (const connection of connections) connection.destroy()
    },
  }
}

/**
 * Returns a function that connects, as the driver would do. A server of another kind waits for a request, so a server that
 * says nothing for most of the time that it has is asked what it is, unless it has answered before.
 */
function createSockets({ host = '', port = 0, socketPath }: PoolOptions, busyTimeout: number): () => Socket {
  let isMysql = false
  const address = socketPath ?? `${host}:${port}`
  return () => {
    const socket = socketPath === undefined ? connect({ host, port }) : connect(socketPath)
    socket.setNoDelay(true).setKeepAlive(true)
    const timer = setTimeout(() => socket.write(QUESTION), busyTimeout * 0.9)
    if (isMysql) clearTimeout(timer)
    expectServer(socket, 'mysql', address, (error) => {
      clearTimeout(timer)
      isMysql = error === undefined
    })
    socket.once('close', () => clearTimeout(timer))
    return socket
  }
}
