import { sql } from 'kysely'
import type { CompiledQuery } from 'kysely'
import type { Database } from './database.ts'

/** The rows of `consulate_migrations`. It is not one of `Tables`, because only this file uses it. */
interface MigrationTable {
  readonly name: string
  /** When it was applied, as an ISO string. */
  readonly timestamp: string
}

const withMigrations = (db: Database['db']) => db.withTables<{ consulate_migrations: MigrationTable }>()

export const createMigrationTable = ({ db, dialect: { types } }: Database): CompiledQuery =>
  db.schema
    .createTable('consulate_migrations')
    .ifNotExists()
    .addColumn('name', sql.raw(types.id), (column) => column.notNull().primaryKey())
    .addColumn('timestamp', sql.raw(types.id), (column) => column.notNull())
    .compile()

export const recordApplied = (db: Database['db'], name: string): CompiledQuery =>
  withMigrations(db)
    .insertInto('consulate_migrations')
    .values({ name, timestamp: new Date().toISOString() })
    .compile()

export const selectApplied = (db: Database['db']) =>
  withMigrations(db).selectFrom('consulate_migrations').select('name').orderBy('name').compile()

/** Returns the names of the applied migrations, sorted. There are none without the table. */
export async function readApplied({ db, dialect, all }: Database): Promise<readonly string[]> {
  try {
    return (await all(selectApplied(db))).map(({ name }) => name)
  } catch (error) {
    if (dialect.migrations.isMissingTable(error)) return []
    throw error
  }
}

/** Recorded like a migration while `consulate copy` fills a database, so that no server starts on half of the rows. */
export const UNFINISHED_COPY = 'unfinished-copy'

export const markUnfinishedCopy = (db: Database['db']): CompiledQuery => recordApplied(db, UNFINISHED_COPY)

export const unmarkUnfinishedCopy = (db: Database['db']): CompiledQuery =>
  withMigrations(db).deleteFrom('consulate_migrations').where('name', '=', UNFINISHED_COPY).compile()
