import { CompiledQuery, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DatabaseConnection, Dialect, DialectAdapter, Driver } from 'kysely'
import type { SqlDialect } from '../sql/dialect.ts'
import { createConnection } from './connection.ts'
import type { SqliteConnection } from './connection.ts'
import { isBusy, isUniqueViolation, isUnusable } from './errors.ts'

/** What the SQL store must know of SQLite (3.37 or later, for strict tables). */
export function createSqliteDialect(path: string, patience: number): SqlDialect {
  const connection = createConnection(path)
  return {
    kysely: createKyselyDialect(connection),
    direct: connection,
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
    // Whoever has begun is the only writer there is, so rows need no locks.
    phrases: {
      forShare: '',
      forUpdate: '',
      keepExisting: () => 'on conflict do nothing',
      createTable: 'strict',
    },
    transactions: {
      // In WAL mode NORMAL commits without waiting for the disk; FULL waits, for all that was written before as well.
      durable: {
        begin: ['pragma synchronous = full', 'begin immediate'],
        end: ['pragma synchronous = normal'],
      },
      relaxed: { begin: ['begin immediate'], end: [] },
    },
    patience,
    isUniqueViolation,
    isRetryable: isBusy,
    isUnavailable: isUnusable,
  }
}

const createKyselyDialect = (connection: SqliteConnection): Dialect => ({
  createDriver: () => createDriver(connection),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createAdapter: () => adapter,
  createIntrospector: (db) => new SqliteIntrospector(db),
})

/** One connection, which Kysely lends to one query or transaction at a time. */
const adapter: DialectAdapter = {
  supportsCreateIfNotExists: true,
  supportsMultipleConnections: false,
  // Migrations run within BEGIN IMMEDIATE, which also keeps other processes out.
  supportsTransactionalDdl: true,
  supportsReturning: true,
  supportsOutput: false,
  acquireMigrationLock: async () => undefined,
  releaseMigrationLock: async () => undefined,
}

function createDriver(connection: SqliteConnection): Driver {
  const run = (sql: string) => async (on: DatabaseConnection) => {
    await on.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    // The connection opens itself: a failure here would leave Kysely's lock taken.
    init: async () => undefined,
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    beginTransaction: run('begin immediate'),
    commitTransaction: run('commit'),
    // Where the file cannot be used it was closed, and nothing is left to roll back: what failed before is to be told.
    rollbackTransaction: (on) => run('rollback')(on).catch(() => undefined),
    destroy: async () => connection.close(),
  }
}
