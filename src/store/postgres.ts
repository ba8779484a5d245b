import '../lib/node-version.ts'
import type { OptionNames } from '../lib/validator.ts'
import type { Store } from './contract.ts'
import { serverOptions, type PoolKind } from './options.ts'
import { createPostgresDialect } from './postgres/dialect.ts'
import type { PostgresPool } from './postgres/given-pool.ts'
import { openOwnPool } from './postgres/own-pool.ts'
import { parsePostgresUrl } from './postgres/url.ts'
import { requireDriver } from './require-driver.ts'
import { createSqlStore } from './sql/store.ts'
import { checkTableNames, DEFAULT_PREFIX } from './sql/table-names.ts'

export type { PostgresClient, PostgresPool } from './postgres/given-pool.ts'

/** The database and how to use it. */
export type PostgresOptions = PostgresTables & ({ readonly url: string } | { readonly pool: PostgresPool })

interface PostgresTables {
  /** The schema of the tables. `migrate` creates it if it is missing. Default: the first one of the connection's search path. */
  readonly schema?: string
  /** Comes before the name of each table: a-z, 0-9 and _, at most 20 characters. Default `consulate_`. */
  readonly tablePrefix?: string
  /**
   * How long (ms) a call waits for a connection or a lock before it throws `StoreUnavailableError`. One second later,
   * it ends in any case, with all queries of its transaction: the server is frozen or too slow. A request waits no longer
   * than that for all of its calls together. Default 5000.
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
 * `postgres://user:password@host:5432/database?sslmode=require`, or a `Pool` of the `pg` package, which stays open when the store is closed.
 * Install `pg` (8.12 or later) yourself. The first call connects.
 *
 * Methods throw `StoreUnavailableError` if the server cannot be reached, does not respond, or is a replica. The store recovers
 * as soon as the server can be used again.
 *
 * @throws ConfigError if the URL or an option is invalid, or the package is not installed
 */
export function postgres(location: string | PostgresOptions): Store {
  const options: PostgresOptions = serverOptions('postgres', location, NAMES, POOLS)
  const url = 'url' in options ? parsePostgresUrl(options.url) : undefined
  const names = {
    prefix: options.tablePrefix ?? url?.tablePrefix ?? DEFAULT_PREFIX,
    schema: options.schema ?? url?.schema,
  }
  checkTableNames('postgres', names)
  if (url) requireDriver('postgres.url', 'pg')
  const busyTimeout = options.busyTimeout ?? 5000
  const connections = {
    open: 'pool' in options ? async () => options.pool : () => openOwnPool(url?.config ?? {}, busyTimeout),
    isOwn: url !== undefined,
    preparedStatements: options.preparedStatements ?? url?.preparedStatements ?? true,
    busyTimeout,
  }
  return createSqlStore(createPostgresDialect(connections, names))
}

const NAMES: OptionNames<PostgresTables & { url: unknown; pool: unknown }> = {
  url: true,
  pool: true,
  schema: true,
  tablePrefix: true,
  busyTimeout: true,
  preparedStatements: true,
}

/** A client can connect too, but runs one query at a time, and is never replaced. */
const POOLS: PoolKind = { driver: 'pg', isPool: (value) => 'connect' in value && !('connection' in value) }
