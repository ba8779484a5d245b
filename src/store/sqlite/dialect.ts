import { CompiledQuery, sql, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DatabaseConnection, Dialect, DialectAdapter, Driver } from 'kysely'
import type { MigrationRules, SerialCounters, SqlDialect } from '../sql/dialect.ts'
import { isAfterTuple } from '../sql/key-order.ts'
import { canUseThreads, createBackground, type BackgroundThread } from './background.ts'
import { createConnection } from './connection.ts'
import type { SqliteConnection } from './connection.ts'
import { isBusy, isMissingTable, isUniqueViolation, isUnusable } from './errors.ts'
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
      uri: 'text',
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
      isAfter: isAfterTuple,
      createTable: 'strict',
    },
    hasUpdateReturning: true,
    hasWritableCtes: false,
    prependToJson,
    transactions: {
      // In WAL mode, NORMAL commits without waiting for the disk. FULL waits for all earlier commits too.
      durable: {
        begin: ['pragma synchronous = full', 'begin immediate'],
        end: ['pragma synchronous = normal'],
      },
      relaxed: { begin: ['begin immediate'], end: [] },
    },
    migrations,
    counters,
    busyTimeout,
    isUniqueViolation,
    isRetryable: isBusy,
    isUnavailable: isUnusable,
    isMisconfigured: () => false,
  }
}

const migrations: MigrationRules = {
  // BEGIN IMMEDIATE has locked the file already.
  lock: async () => undefined,
  async listExisting(run) {
    const indexes = CompiledQuery.raw(
      "select tbl_name as owner, name from sqlite_master where type = 'index'",
    )
    const rows = await run(indexes as CompiledQuery<{ readonly owner: string; readonly name: string }>)
    return new Set(rows.map(({ owner, name }) => `${owner}.${name}`))
  },
  isMissingTable,
  script: { command: 'sqlite3 -bail FILE < SCRIPT', begin: ['begin immediate'], end: ['commit'] },
}

/** `json_remove` ignores a path that does not exist. */
const prependToJson: SqlDialect['prependToJson'] = (column, element, maximum) => {
  const [array, tooMany] = [sql.ref(column), sql.lit(`$[${maximum}]`)]
  return sql`json_remove('[' || ${element} || iif(${array} = '[]', '', ',') || substr(${array}, 2), ${tooMany})`
}

const counters: SerialCounters = {
  async read(run, table) {
    const query = CompiledQuery.raw('select seq as value from sqlite_sequence where name = ?', [table])
    const [row] = await run<{ readonly value: number }>(query)
    return row?.value ?? 0
  },
  // The table has no key, and no row for a table that has never had one.
  async raise(run, table, value) {
    await run(CompiledQuery.raw('delete from sqlite_sequence where name = ?', [table]))
    await run(CompiledQuery.raw('insert into sqlite_sequence (name, seq) values (?, ?)', [table, value]))
  },
}

const createKyselyDialect = (
  connection: SqliteConnection,
  background: BackgroundThread | undefined,
): Dialect => ({
  createDriver: () => createDriver(connection, background),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createAdapter: () => adapter,
  createIntrospector: (db) => new SqliteIntrospector(db),
})

/** With one connection, Kysely runs one query or transaction at a time. */
const adapter: DialectAdapter = {
  supportsCreateIfNotExists: true,
  supportsMultipleConnections: false,
  supportsTransactionalDdl: true,
  supportsReturning: true,
  supportsOutput: false,
  acquireMigrationLock: async () => undefined,
  releaseMigrationLock: async () => undefined,
}

function createDriver(connection: SqliteConnection, background: BackgroundThread | undefined): Driver {
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
