import { Socket } from 'node:net'
import type { PoolConfig } from 'pg'
import { expectServer, type WrongServerError } from '../wrong-server.ts'
import type { PostgresPool } from './given-pool.ts'

/** Opens a pool that belongs to the store. The driver is imported only here: an app's pool may come from another copy. */
export async function openOwnPool(config: PoolConfig, busyTimeout: number): Promise<PostgresPool> {
  const { default: pg } = await import('pg')
  const { host = '', port } = config
  const address = host.startsWith('/') ? host : `${host}:${port}`
  let wrongServer: WrongServerError | undefined
  const pool = new pg.Pool({
    ...config,
    connectionTimeoutMillis: busyTimeout,
    keepAlive: true,
    allowExitOnIdle: true,
    stream() {
      const socket = new Socket()
      expectServer(socket, 'postgres', address, (error) => (wrongServer = error))
      return socket
    },
  })
  return {
    connect: () =>
      pool.connect().catch((error: unknown) => {
        // The driver may have tried to read the bytes, and failed with an error of its own.
        throw wrongServer ?? error
      }),
    on: (event, listener) => pool.on(event, listener),
    end: () => pool.end(),
  }
}
