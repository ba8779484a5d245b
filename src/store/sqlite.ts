import { resolve } from 'node:path'
import type { Store } from './contract.ts'
import { createSqlStore } from './sql/store.ts'
import { createSqliteDialect } from './sqlite/dialect.ts'
import { MEMORY } from './sqlite/file.ts'

/** Where the database is and how it is waited for. */
export interface SqliteOptions {
  /** The file, made (mode 0600, its folder 0700) where there is none; or `:memory:`, which ends with the process. */
  readonly path: string
  /** How long (ms) a call waits for other processes that write, before `StoreUnavailableError`; 5000. */
  readonly busyTimeout?: number
}

/**
 * A store in one SQLite file, through Node's own SQLite: any number of processes of one machine may share it, never
 * over a network file system. The file is opened at the first call. Errors: `StoreUnavailableError` where it is locked
 * for too long, full, read-only, damaged or gone; it goes on by itself when the cause has ended.
 */
export function sqlite(location: string | SqliteOptions): Store {
  const { path, busyTimeout = 5000 } = typeof location === 'string' ? { path: location } : location
  const file = path === MEMORY ? MEMORY : resolve(path)
  return { ...createSqlStore(createSqliteDialect(file, busyTimeout)), file }
}
