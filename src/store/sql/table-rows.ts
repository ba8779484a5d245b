import { sql } from 'kysely'
import type { CompiledQuery, RawBuilder } from 'kysely'
import type { AnyInteger } from './columns.ts'
import type { Database } from './database.ts'
import type { StoredTable } from './table-list.ts'

/** A row of any table: the values of its columns in their order. */
export type Row = readonly (string | number | null)[]

/** How many rows are in memory at a time. */
const BATCH = 500

/** Reads the rows of a table by ascending key, in batches. Each batch sees what is committed at that time. */
export async function* readRows(database: Database, table: StoredTable): AsyncGenerator<readonly Row[]> {
  let after: Row | undefined
  for (;;) {
    const rows = await database.all(selectBatch(database, table, after))
    if (rows.length > 0) yield rows.map((row) => toRow(table, row))
    if (rows.length < BATCH) return
    after = keyOf(table, toRow(table, rows.at(-1) ?? {}))
  }
}

/** Returns the values of the primary key. */
export function keyOf({ columns, key }: StoredTable, row: Row): Row {
  const names = [...columns.keys()]
  return key.map((column) => row[names.indexOf(column)] ?? null)
}

type AnyRow = Readonly<Record<string, AnyInteger | null>>

function selectBatch(
  { db, dialect }: Database,
  { name, columns, key }: StoredTable,
  after: Row | undefined,
): CompiledQuery<AnyRow> {
  const condition = after ? sql`where ${dialect.clauses.isAfter(key, after)}` : sql``
  return sql<AnyRow>`
    select ${refs([...columns.keys()])} from ${sql.table(name)} ${condition}
    order by ${refs(key)} limit ${sql.lit(BATCH)}`.compile(db)
}

const refs = (columns: readonly string[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => sql.ref(column)))

/** Drivers return integers as numbers or as text. */
const toRow = ({ columns }: StoredTable, row: AnyRow): Row =>
  [...columns].map(([column, kind]) => {
    const value = row[column] ?? null
    if (value === null) return null
    return kind === 'integer' ? Number(value) : String(value)
  })

/** Inserts rows as they are, with their ids. */
export const insertRows = (
  { db }: Database,
  { name, columns }: StoredTable,
  rows: readonly Row[],
): CompiledQuery =>
  sql`
    insert into ${sql.table(name)} (${refs([...columns.keys()])})
    values ${sql.join(rows.map((row) => sql`(${sql.join([...row])})`))}`.compile(db)

/** Counts the rows of a table. */
export async function countRows({ db, all }: Database, { name }: StoredTable): Promise<number> {
  const query = sql<{ count: AnyInteger }>`select count(*) as ${sql.ref('count')} from ${sql.table(name)}`
  const [row] = await all(query.compile(db))
  return Number(row?.count ?? 0)
}
