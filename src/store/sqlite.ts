import '../lib/node-version.ts'
import { resolve } from 'node:path'
import type { OptionNames } from '../lib/validator.ts'
import type { Store } from './contract.ts'
import { checkOptions } from './options.ts'
import { createSqlStore } from './sql/store.ts'
import { createSqliteDialect } from './sqlite/dialect.ts'
import { MEMORY } from './sqlite/file.ts'

/** The location of the database and how long to wait for it. */
export interface SqliteOptions {
  /**
   * The database file, or `:memory:` for a database that ends with the process. A missing file is created with mode 0600,
   * a missing folder with mode 0700.
   */
  readonly path: string
  /**
   * How long (ms) a call waits while another process writes, before it throws `StoreUnavailableError`. A request waits at most
   * a second longer for all of its calls together. Default 5000.
   */
  readonly busyTimeout?: number
}

/**
 * Creates a store in a SQLite file, using Node's built-in SQLite. Any number of processes on one machine can share the
 * file; do not put it on a network file system. The file is opened by the first call.
 *
 * Methods throw `StoreUnavailableError` if the file is locked for too long, full, read-only, corrupt or missing. The store
 * recovers as soon as the file can be used again.
 *
 * @throws ConfigError if an option is invalid
 */
export function sqlite(location: string | SqliteOptions): Store {
  const { path, busyTimeout = 5000 } = optionsOf(location)
  const file = path === MEMORY ? MEMORY : resolve(path)
  return createSqlStore(createSqliteDialect(file, busyTimeout), file)
}

function optionsOf(location: string | SqliteOptions): SqliteOptions {
  const options = typeof location === 'object' && location !== null ? location : { path: location }
  checkOptions('sqlite', options, NAMES, ({ path }, validator) => {
    if (typeof path !== 'string' || path === '')
      validator.problem(
        'sqlite.path',
        "must be the path of a file, such as './data/consulate.db', or ':memory:'",
      )
  })
  return options
}

const NAMES: OptionNames<SqliteOptions> = { path: true, busyTimeout: true }
