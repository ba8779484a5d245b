import type { CompiledQuery } from 'kysely'
import { ConfigError, StoreUnavailableError } from '../../errors.ts'
import { markUnfinishedCopy, unmarkUnfinishedCopy } from '../../store/sql/applied-migrations.ts'
import type { Database } from '../../store/sql/database.ts'
import { listTables, type StoredTable } from '../../store/sql/table-list.ts'
import { insertRows, readRows, type Row } from '../../store/sql/table-rows.ts'
import { CommandError } from '../errors.ts'
import type { CopyDatabases } from './databases.ts'

/** How many characters are sent in a statement, roughly. MySQL limits the size of one. */
const STATEMENT_SIZE = 500_000

/** Empties the target, marks it as unfinished and copies all rows and the counters of ids. Calls `onRows` with the number of rows. */
export async function copyRows(
  { source, target }: CopyDatabases,
  onRows: (count: number) => void,
): Promise<void> {
  await target.transaction('durable', async (queries) => {
    await queries.execute(unmarkUnfinishedCopy(target.db))
    await queries.execute(markUnfinishedCopy(target.db))
    for (const table of listTables()) await queries.execute(deleteAll(target, table))
  })
  for (const table of listTables()) {
    await copyTable(source, target, table, onRows).catch((error: unknown) => {
      throw toCommandError(error, table)
    })
    if (table.isSerial) await copyCounter(source, target, table)
  }
}

/** Lets servers use the target. */
export const finishCopy = (target: Database): Promise<number> =>
  target.transaction('durable', (queries) => queries.execute(unmarkUnfinishedCopy(target.db)))

async function copyTable(
  source: Database,
  target: Database,
  table: StoredTable,
  onRows: (count: number) => void,
): Promise<void> {
  for await (const rows of readRows(source, table)) {
    await target.transaction('relaxed', async (queries) => {
      for (const part of splitBySize(rows)) await queries.execute(insertRows(target, table, part))
    })
    onRows(rows.length)
  }
}

/** Ids of rows that were purged must not return: other services would take a new revocation for one that they have seen. */
async function copyCounter(source: Database, target: Database, { name }: StoredTable): Promise<void> {
  const value = await source.dialect.counters.read(source.all, name)
  if (value > 0) await target.dialect.counters.raise(target.all, name, value)
}

function splitBySize(rows: readonly Row[]): readonly (readonly Row[])[] {
  const parts: Row[][] = []
  let room = 0
  for (const row of rows) {
    const size = row.reduce<number>((sum, value) => sum + String(value).length, 0)
    if (room < size || parts.length === 0) {
      parts.push([])
      room = STATEMENT_SIZE
    }
    parts.at(-1)?.push(row)
    room -= size
  }
  return parts
}

const deleteAll = ({ db }: Database, { name }: StoredTable): CompiledQuery =>
  db.withTables<Record<string, object>>().deleteFrom(name).compile()

/** A row that the target cannot store, such as a text that is too long. */
function toCommandError(error: unknown, { name }: StoredTable): unknown {
  const isKnown = error instanceof StoreUnavailableError || error instanceof ConfigError
  if (isKnown || !(error instanceof Error)) return error
  return new CommandError(`Cannot copy ${name}: ${error.message}`)
}
