import { CompiledQuery } from 'kysely'
import type { QueryResult } from 'kysely'
import type { Run } from '../sql/dialect.ts'
import { createConnectionPool } from '../sql/pool.ts'
import type { Connections, Limit, PooledConnection } from '../sql/pool.ts'
import { takeConnection } from './driver.ts'
import type { MysqlConnection, MysqlPool } from './driver.ts'
import { send } from './send.ts'
import { isUnavailable, toDatabaseError } from './errors.ts'

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

/** Connections that know the brand of their server. */
export interface MysqlConnections extends Connections {
  /** Returns false for MySQL, and before the first connection. */
  readonly isMariadb: () => boolean
}

/** Creates the connections of a store. It connects when the first query needs it. */
export function createConnections({ open, busyTimeout }: PoolOptions): MysqlConnections {
  const prepared = new WeakSet<MysqlConnection>()
  let opened: Promise<OpenPool> | undefined
  let isClosed = false
  let isMariadb = false

  async function acquire(limitOf: Limit, connectTimeout: number): Promise<PooledConnection> {
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

  async function close(): Promise<void> {
    isClosed = true
    await (await opened)?.close()
  }

  return {
    ...createConnectionPool({ acquire, close }, busyTimeout),
    isMariadb: () => isMariadb,
  }
}

function createConnection(raw: MysqlConnection, limitOf: Limit): PooledConnection {
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
