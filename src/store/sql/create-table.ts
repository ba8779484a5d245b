import { sql } from 'kysely'
import type { CreateTableBuilder, Kysely } from 'kysely'
import type { ColumnTypes, SqlDialect } from './dialect.ts'
import type { Tables } from './tables.ts'

type ColumnSort = keyof ColumnTypes | `${keyof ColumnTypes}?`

/** What a migration makes: a table with its keys and indexes. */
export interface TableShape {
  /** A question mark: may be null. */
  readonly columns: Readonly<Record<string, ColumnSort>>
  /** Missing where a column is `serial`. */
  readonly primaryKey?: readonly string[]
  readonly unique?: readonly string[]
  readonly indexes?: readonly string[][]
}

/** Makes a table. */
export async function createTable(
  db: Kysely<Tables>,
  { types, phrases }: SqlDialect,
  table: string,
  { columns, primaryKey, unique = [], indexes = [] }: TableShape,
): Promise<void> {
  let creation: CreateTableBuilder<string, string> = db.schema.createTable(table)
  for (const [column, sort] of Object.entries(columns)) {
    const type = sql.raw(types[sort.replace('?', '') as keyof ColumnTypes])
    creation = creation.addColumn(column, type, (definition) =>
      sort.endsWith('?') || sort === 'serial' ? definition : definition.notNull(),
    )
  }
  if (primaryKey) creation = creation.addPrimaryKeyConstraint(`${table}_primary`, [...primaryKey])
  await creation.modifyEnd(sql.raw(phrases.createTable)).execute()
  for (const column of unique) await createIndex(db, table, [column]).unique().execute()
  for (const list of indexes) await createIndex(db, table, list).execute()
}

const createIndex = (db: Kysely<Tables>, table: string, columns: readonly string[]) =>
  db.schema
    .createIndex(`${table}_${columns.join('_')}`)
    .on(table)
    .columns([...columns])
