import type { CompiledQuery } from 'kysely'
import { ConnectionError } from '../connection-error.ts'
import type { ConnectionPool, Run } from './dialect.ts'
import { migrationLimit } from './migration-limits.ts'

/** A connection that was taken out of the pool of a driver. */
export interface PooledConnection {
  readonly run: Run
  readonly release: () => void
}

/** Connections that also run what may take long. */
export interface Connections extends ConnectionPool {
  /** Runs a query for which no request waits. */
  readonly runInBackground: Run
  /** Takes a connection for a migration. Release it. */
  readonly acquireForMigration: () => Promise<PooledConnection>
}

/** Returns how long (ms) a query may take. */
export type Limit = (query: CompiledQuery) => number

/** The pool of a driver. */
export interface DriverPool {
  /** Takes a connection within `connectTimeout` (ms), whose queries have a limit. */
  readonly acquire: (limitOf: Limit, connectTimeout: number) => Promise<PooledConnection>
  readonly close: () => Promise<void>
}

/** How long (ms) a query in the background may take. */
const BACKGROUND_LIMIT = 600_000

/** Creates the connections of a store from the pool of a driver. */
export function createConnectionPool({ acquire, close }: DriverPool, busyTimeout: number): Connections {
  async function use<Result>(work: (run: Run) => Promise<Result>, deadline: number): Promise<Result> {
    const connection = await acquire(() => timeUntil(deadline), Math.min(busyTimeout, timeUntil(deadline)))
    try {
      return await work(connection.run)
    } finally {
      connection.release()
    }
  }
  return {
    run: (query, deadline) => use((run) => run(query), deadline),
    use,
    runInBackground: (query) => use((run) => run(query), performance.now() + BACKGROUND_LIMIT),
    acquireForMigration: () => acquire(migrationLimit(busyTimeout), busyTimeout),
    close,
  }
}

/** Returns how long (ms) it is until a deadline. */
function timeUntil(deadline: number): number {
  const time = Math.ceil(deadline - performance.now())
  if (time <= 0) throw new ConnectionError('The database is too slow')
  return time
}
