import '../lib/node-version.ts'
import type { PoolConfig } from 'pg'
import { ConfigError } from '../errors.ts'
import type { Store } from './contract.ts'
import { createPostgresDialect } from './postgres/dialect.ts'
import type { PostgresPool } from './postgres/pool.ts'
import { requireDriver } from './require-driver.ts'
import { createSqlStore } from './sql/store.ts'
import { checkTableNames, DEFAULT_PREFIX } from './sql/table-names.ts'

export type { PostgresClient, PostgresPool } from './postgres/pool.ts'

/** The database and how to use it. */
export type PostgresOptions = PostgresTables & ({ readonly url: string } | { readonly pool: PostgresPool })

interface PostgresTables {
  /** The schema of the tables. `migrate` creates it if it is missing. Default: the first one of the connection's search path. */
  readonly schema?: string
  /** Comes before the name of each table: a-z, 0-9 and _, at most 20 characters. Default `consulate_`. */
  readonly tablePrefix?: string
  /**
   * How long (ms) a call waits for a connection or a lock before it throws `StoreUnavailableError`. One second later, it stops
   * waiting for the answer of a server that does not respond. Default 5000.
   */
  readonly busyTimeout?: number
  /**
   * Whether the server plans each statement once for each connection, which saves time. Set it to false behind a pooler that
   * does not support this, such as PgBouncer before 1.21 in transaction mode. Default true.
   */
  readonly preparedStatements?: boolean
}

/**
 * Creates a store in PostgreSQL 13 or later. Any number of nodes can share the database. Takes a URL,
 * `postgres://user:password@host:5432/database`, or a `Pool` of the `pg` package, which stays open when the store is closed.
 * Install `pg` (8.12 or later) yourself. The first call connects.
 *
 * Methods throw `StoreUnavailableError` if the server cannot be reached, does not respond, or is a replica. The store recovers
 * as soon as the server can be used again.
 *
 * @throws ConfigError if the URL or an option is invalid, or the package is not installed
 */
export function postgres(location: string | PostgresOptions): Store {
  const options = typeof location === 'string' ? { url: location } : location
  const { schema, tablePrefix = DEFAULT_PREFIX, busyTimeout = 5000, preparedStatements = true } = options
  const names = { prefix: tablePrefix, schema }
  checkTableNames('postgres', names)
  const isOwn = 'url' in options
  if (isOwn) checkUrl(options.url)
  const open = isOwn ? () => openPool(options.url, busyTimeout) : async () => options.pool
  return createSqlStore(createPostgresDialect({ open, isOwn, preparedStatements, busyTimeout }, names))
}

/** No message repeats the URL, because it may contain a password. */
function checkUrl(url: unknown): void {
  const isUrl = typeof url === 'string' && /^postgres(ql)?:\/\//.test(url) && URL.canParse(url)
  if (!isUrl) throw new ConfigError([{ path: 'postgres.url', message: INVALID_URL }])
  requireDriver('postgres.url', 'pg')
}

const INVALID_URL =
  'must be a URL such as postgres://user:password@host:5432/database, with special characters percent-encoded'

/** Imported only if a URL is given: with a pool of your own, the package may be installed elsewhere. */
async function openPool(url: string, busyTimeout: number): Promise<PostgresPool> {
  const { default: pg } = await import('pg')
  const config: PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: busyTimeout,
    keepAlive: true,
    allowExitOnIdle: true,
    fallback_application_name: 'consulate',
  }
  return new pg.Pool(config)
}
