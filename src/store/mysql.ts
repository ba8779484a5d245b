import '../lib/node-version.ts'
import type { OptionNames } from '../lib/validator.ts'
import type { Store } from './contract.ts'
import { createMysqlDialect } from './mysql/dialect.ts'
import type { MysqlPool, PromisePool } from './mysql/driver.ts'
import { openGivenPool } from './mysql/given-pool.ts'
import { openOwnPool } from './mysql/own-pool.ts'
import { parseMysqlUrl } from './mysql/url.ts'
import { serverOptions, type PoolKind } from './options.ts'
import { requireDriver } from './require-driver.ts'
import { createSqlStore } from './sql/store.ts'
import { checkTableNames, DEFAULT_PREFIX } from './sql/table-names.ts'

export type { MysqlConnection, MysqlPool } from './mysql/driver.ts'

/** The database and how to use it. */
export type MysqlOptions = MysqlTables &
  ({ readonly url: string } | { readonly pool: MysqlPool | PromisePool })

interface MysqlTables {
  /** Comes before the name of each table: a-z, 0-9 and _, at most 20 characters. Default `consulate_`. */
  readonly tablePrefix?: string
  /**
   * How long (ms) a call waits for a connection or a lock before it throws `StoreUnavailableError`. One second later,
   * it ends in any case, with all queries of its transaction: the server is frozen or too slow. A request waits no longer
   * than that for all of its calls together. Default 5000.
   */
  readonly busyTimeout?: number
}

/**
 * Creates a store in MariaDB 10.6 or later, or MySQL 8.0.22 or later. Any number of nodes can share the database. Takes a URL,
 * `mysql://user:password@host:3306/database`, or a pool of the `mysql2` package, which stays open when the store is closed.
 * Install `mysql2` (3.24 or later) yourself. The first call connects.
 *
 * Methods throw `StoreUnavailableError` if the server cannot be reached, does not respond, or is a replica. The store recovers
 * as soon as the server can be used again.
 *
 * @throws ConfigError if the URL or an option is invalid, or the package is not installed
 */
export function mysql(location: string | MysqlOptions): Store {
  const options: MysqlOptions = serverOptions('mysql', location, NAMES, POOLS)
  const url = 'url' in options ? parseMysqlUrl(options.url) : undefined
  const names = { prefix: options.tablePrefix ?? url?.tablePrefix ?? DEFAULT_PREFIX }
  checkTableNames('mysql', names)
  if (url) requireDriver('mysql.url', 'mysql2')
  const busyTimeout = options.busyTimeout ?? 5000
  const open =
    'pool' in options
      ? async () => openGivenPool(options.pool)
      : () => openOwnPool(url?.config ?? {}, busyTimeout)
  return createSqlStore(createMysqlDialect({ open, begin: url ? BEGIN : BEGIN_IN_GIVEN, busyTimeout }, names))
}

const NAMES: OptionNames<MysqlTables & { url: unknown; pool: unknown }> = {
  url: true,
  pool: true,
  tablePrefix: true,
  busyTimeout: true,
}

/** A pool of promises has one of callbacks within. */
const POOLS: PoolKind = { driver: 'mysql2', isPool: (value) => 'getConnection' in value }

/** Sessions of the store's own pool are READ COMMITTED. */
const BEGIN = ['start transaction']

/** Sessions of an app keep their level, so each transaction states its own. */
const BEGIN_IN_GIVEN = ['set transaction isolation level read committed', ...BEGIN]
