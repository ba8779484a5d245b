import { CompiledQuery } from 'kysely'
import type { QueryResult } from 'kysely'
import type { ConnectionPool, Run } from '../sql/dialect.ts'
import { migrationLimit } from '../sql/migration-limits.ts'
import { takeConnection } from './driver.ts'
import type { MysqlConnection, MysqlPool } from './driver.ts'
import { send } from './send.ts'
import { ConnectionError, isUnavailable, toDatabaseError } from './errors.ts'

/** A pool and how the store uses it. */
export interface OpenPool {
  readonly pool: MysqlPool
  /** Runs once for each connection, before its first query. */
  readonly prepare: (run: Run, connection: MysqlConnection) => Promise<void>
  /** Closes the pool, if it is the store's own. */
  readonly close: () => Promise<void>
}

/** Where connections come from, and how long calls wait for them. */
export interface PoolOptions {
  /** Called once, by the first query. */
  readonly open: () => Promise<OpenPool>
  /** How long (ms) a call waits for a connection, and for locks. */
  readonly busyTimeout: number
}

/** Connections for queries that may take long too. */
export interface MysqlConnections extends ConnectionPool {
  readonly runSlowly: Run
  /** Takes a connection for a migration. Release it. */
  readonly acquireSlow: () => Promise<Connection>
  /** Returns false for MySQL, and before the first connection. */
  readonly isMariadb: () => boolean
}

/** A connection that was taken out of the pool. */
export interface Connection {
  readonly run: Run
  readonly release: () => void
}

type Limit = (query: CompiledQuery) => number

/** How long (ms) a query in the background may take. */
const SLOW = 3_600_000

/** Creates the connections of a store. It connects when the first query needs it. */
export function createConnections({ open, busyTimeout }: PoolOptions): MysqlConnections {
  const prepared = new WeakSet<MysqlConnection>()
  let opened: Promise<OpenPool> | undefined
  let isClosed = false
  let isMariadb = false

  /** `limitOf` returns how long (ms) a query may take. */
  async function acquire(limitOf: Limit, connectTimeout = busyTimeout): Promise<Connection> {
    if (isClosed) throw new Error('The database is closed')
    const { pool, prepare } = await (opened ??= open())
    const raw = await takeConnection(pool, connectTimeout)
    const connection = createConnection(raw, limitOf)
    if (prepared.has(raw)) return connection
    try {
      const { run } = createConnection(raw, (query) => Math.min(limitOf(query), busyTimeout))
      await prepare(run, raw)
      isMariadb = /mariadb/i.test(await readVersion(run))
      prepared.add(raw)
      return connection
    } catch (error) {
      raw.destroy()
      throw error
    }
  }

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
    runSlowly: (query) => use((run) => run(query), performance.now() + SLOW),
    acquireSlow: () => acquire(migrationLimit(busyTimeout)),
    isMariadb: () => isMariadb,
    async close() {
      isClosed = true
      await (await opened)?.close()
    },
  }
}

function createConnection(raw: MysqlConnection, limitOf: Limit): Connection {
  let failure: Error | undefined
  let isInTransaction = false
  return {
    async run<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
      // The connection is lost, or blocked by the query that failed.
      if (failure !== undefined) throw failure
      try {
        const { result, status } = await send<Row>(raw, query, limitOf(query))
        isInTransaction = status === undefined ? isInTransaction : (status & IN_TRANSACTION) !== 0
        return result
      } catch (cause) {
        const error = toDatabaseError(cause)
        if (isUnavailable(error)) failure = error
        // A compound may have left its transaction open.
        isInTransaction ||= query.query.kind === 'RawNode'
        throw error
      }
    },
    // A transaction that could not be rolled back must not meet the next query.
    release: () => (failure === undefined && !isInTransaction ? raw.release() : raw.destroy()),
  }
}

async function readVersion(run: Run): Promise<string> {
  const { rows } = await run<{ version: string }>(CompiledQuery.raw('select version() as version'))
  return rows[0]?.version ?? ''
}

/** SERVER_STATUS_IN_TRANS. */
const IN_TRANSACTION = 1

/** Returns how long (ms) it is until a deadline. */
function timeUntil(deadline: number): number {
  const time = Math.ceil(deadline - performance.now())
  if (time <= 0) throw new ConnectionError('The database is too slow')
  return time
}
