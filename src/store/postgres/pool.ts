import { createHash } from 'node:crypto'
import type { CompiledQuery, QueryResult } from 'kysely'
import { ConnectionError } from '../connection-error.ts'
import { createConnectionPool } from '../sql/pool.ts'
import type { Connections, Limit, PooledConnection } from '../sql/pool.ts'
import { isBreaking, isLostStatement, toDatabaseError } from './errors.ts'
import type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from './given-pool.ts'

/** Where connections come from, and how long calls wait for them. */
export interface PoolOptions {
  /** Called once, by the first query. */
  readonly open: () => Promise<PostgresPool>
  /** Whether closing the store closes the pool. */
  readonly isOwn: boolean
  readonly preparedStatements: boolean
  /** How long (ms) a call waits for a connection, and for locks. */
  readonly busyTimeout: number
}

/** Creates the connections of a store. It connects when the first query needs it. */
export function createConnections(options: PoolOptions): Connections {
  const { busyTimeout, isOwn } = options
  const toConfig = createConfigs(options.preparedStatements)
  let pool: Promise<PostgresPool> | undefined
  let isClosed = false

  async function open(): Promise<PostgresPool> {
    const opened = await options.open()
    // The pool has discarded the connection already.
    ignoreErrors(opened)
    return opened
  }

  async function connect(limit: number): Promise<PostgresClient> {
    const client = await withLimit((await (pool ??= open())).connect(), limit)
    // The query reports it too.
    ignoreErrors(client)
    return client
  }

  async function acquire(limitOf: Limit, connectTimeout: number): Promise<PooledConnection> {
    if (isClosed) throw new Error('The database is closed')
    const client = await connect(connectTimeout).catch((error: unknown) => {
      throw toDatabaseError(error)
    })
    let failure: Error | undefined
    return {
      async run<Row>(query: CompiledQuery<Row>) {
        // The connection is blocked by the query that failed.
        if (failure !== undefined) throw failure
        try {
          return toResult<Row>(await client.query(toConfig(query, limitOf(query))))
        } catch (cause) {
          const error = toDatabaseError(cause)
          if (isLostStatement(error)) toConfig.withoutNames()
          if (isBreaking(error)) failure = error
          throw error
        }
      },
      release: () => client.release(failure !== undefined),
    }
  }

  return createConnectionPool(
    {
      acquire,
      async close() {
        isClosed = true
        // A server that does not respond would never let go of the connections. They do not keep the process alive.
        if (isOwn && pool) await withLimit((await pool).end(), busyTimeout).catch(() => {})
      },
    },
    busyTimeout,
  )
}

/** Those that have a listener already, because several stores can share a pool. */
const guarded = new WeakSet<object>()

/** An `error` event without a listener would end the process. */
function ignoreErrors(source: PostgresPool | PostgresClient): void {
  if (!guarded.has(source)) source.on('error', () => {})
  guarded.add(source)
}

/** A pool connects without a limit of its own, or waits for a free connection. */
async function withLimit<Value>(work: Promise<Value>, limit: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConnectionError(`No connection within ${limit} ms`)), limit)
  })
  try {
    return await Promise.race([work, timeUp])
  } catch (error) {
    // If it succeeds after all, nobody will release it.
    work.then(releaseLate, () => {})
    throw error
  } finally {
    clearTimeout(timer)
  }
}

const releaseLate = (value: unknown): void => {
  if (typeof value === 'object' && value !== null && 'release' in value) (value as PostgresClient).release()
}

/** Leaves numbers as text: `pg` returns large ones so anyway, and an app may have changed its parsers. */
const TEXT = { getTypeParser: () => (value: unknown) => value }

/** Kinds of queries that are worth preparing on the server. Tables are created once. */
const PREPARED: ReadonlySet<string> = new Set([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
  'RawNode',
])

/** Returns how to send queries. Named ones are parsed and planned once for each connection. */
function createConfigs(preparedStatements: boolean) {
  const names = new Map<string, string>()
  let isNaming = preparedStatements
  // The name depends on nothing but the statement, so that it means the same wherever a pooler may have kept it.
  const nameOf = (sql: string): string => {
    const name = names.get(sql) ?? createHash('sha256').update(sql).digest('base64url').slice(0, 22)
    names.set(sql, name)
    return name
  }
  const toConfig = ({ query, sql, parameters }: CompiledQuery, limit: number): PostgresQuery => {
    const isPlain = query.kind === 'RawNode' && parameters.length === 0
    return {
      text: sql,
      types: TEXT,
      ...(!isPlain && { values: parameters.map(withoutNul) }),
      ...(isNaming && !isPlain && PREPARED.has(query.kind) && { name: nameOf(sql) }),
      query_timeout: limit,
    }
  }
  return Object.assign(toConfig, {
    /** A pooler without support for prepared statements has lost one, so none is named anymore. */
    withoutNames: () => void (isNaming = false),
  })
}

/** PostgreSQL cannot store U+0000. Like half of a surrogate pair, it becomes U+FFFD. */
const withoutNul = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value

/** Several statements in one have several results. */
function toResult<Row>(answer: PostgresResult | PostgresResult[]): QueryResult<Row> {
  const result = Array.isArray(answer) ? answer.at(-1) : answer
  return { rows: (result?.rows ?? []) as Row[], numAffectedRows: BigInt(result?.rowCount ?? 0) }
}
