import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import type { PassportSource, Row } from './rows.ts'

/** Opens Laravel's database.sqlite, read-only. */
export function openSqliteSource(path: string): PassportSource {
  const database = new DatabaseSync(path, { readOnly: true })
  const exists = database.prepare("select 1 from sqlite_schema where type = 'table' and name = ?")
  return {
    async *read(tables) {
      for (const table of tables) {
        if (!exists.get(table)) continue
        const select = database.prepare(`select * from "${table.replaceAll('"', '""')}"`)
        select.setReadBigInts(true)
        for (const row of select.iterate()) yield { table, row: toText(row) }
      }
    },
    close: async () => database.close(),
  }
}

const toText = (row: Readonly<Record<string, SQLOutputValue>>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      value instanceof Uint8Array ? Buffer.from(value).toString() : value === null ? null : String(value),
    ]),
  )
