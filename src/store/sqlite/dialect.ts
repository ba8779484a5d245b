import { CompiledQuery, SqliteQueryCompiler } from 'kysely'
import type {
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
} from 'kysely'
import type { BackgroundConnection, SqlDialect } from '../sql/dialect.ts'
import { canUseThreads, createBackground } from './background.ts'
import { createConnection } from './connection.ts'
import type { SqliteConnection } from './connection.ts'
import { isBusy, isUniqueViolation, isUnusable } from './errors.ts'
import { MEMORY } from './file.ts'

/** Creates the dialect of SQLite. It needs SQLite 3.37 for strict tables. */
export function createSqliteDialect(path: string, busyTimeout: number): SqlDialect {
  const connection = createConnection(path)
  const background = path === MEMORY || !canUseThreads() ? undefined : createBackground(path)
  return {
    kysely: createKyselyDialect(connection, background),
    direct: connection,
    ...(background && { background }),
    types: {
      id: 'text',
      key: 'text',
      text: 'text',
      json: 'text',
      time: 'integer',
      flag: 'integer',
      count: 'integer',
      serial: 'integer primary key autoincrement',
    },
    // BEGIN IMMEDIATE admits one writer at a time, so rows need no locks.
    clauses: {
      forShare: '',
      forUpdate: '',
      keepExisting: () => 'on conflict do nothing',
      createTable: 'strict',
    },
    transactions: {
      // In WAL mode, NORMAL commits without waiting for the disk. FULL waits for all earlier commits too.
      durable: {
        begin: ['pragma synchronous = full', 'begin immediate'],
        end: ['pragma synchronous = normal'],
      },
      relaxed: { begin: ['begin immediate'], end: [] },
    },
    busyTimeout,
    isUniqueViolation,
    isRetryable: isBusy,
    isUnavailable: isUnusable,
  }
}

const createKyselyDialect = (
  connection: SqliteConnection,
  background: BackgroundConnection | undefined,
): Dialect => ({
  createDriver: () => createDriver(connection, background),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createAdapter: () => adapter,
  createIntrospector: (db) => introspect(db),
})

/** Lists the names of tables, which is all that migrations ask for. Reading all columns would take half of a server's start. */
const introspect = (db: Kysely<unknown>): DatabaseIntrospector => ({
  getSchemas: async () => [],
  async getTables() {
    const { rows } = await db.executeQuery(CompiledQuery.raw(TABLES))
    return (rows as readonly { readonly name: string }[]).map(({ name }) => ({
      name,
      isView: false,
      isForeign: false,
      columns: [],
    }))
  },
})

const TABLES = "select name from sqlite_master where type = 'table'"

/** With one connection, Kysely runs one query or transaction at a time. */
const adapter: DialectAdapter = {
  supportsCreateIfNotExists: true,
  supportsMultipleConnections: false,
  // Migrations run within BEGIN IMMEDIATE, which also locks out other processes, so they need no further lock.
  supportsTransactionalDdl: true,
  supportsReturning: true,
  supportsOutput: false,
  acquireMigrationLock: async () => undefined,
  releaseMigrationLock: async () => undefined,
}

function createDriver(connection: SqliteConnection, background: BackgroundConnection | undefined): Driver {
  const run = (sql: string) => async (on: DatabaseConnection) => {
    await on.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    // The connection opens the file itself. An error here would never release Kysely's lock.
    init: async () => undefined,
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    beginTransaction: run('begin immediate'),
    commitTransaction: run('commit'),
    // There is nothing to roll back if the file was closed as unusable. The earlier error matters more than this one.
    rollbackTransaction: (on) => run('rollback')(on).catch(() => undefined),
    async destroy() {
      await background?.close()
      connection.close()
    },
  }
}
