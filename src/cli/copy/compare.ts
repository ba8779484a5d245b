import { createHash } from 'node:crypto'
import type { Database } from '../../store/sql/database.ts'
import { listTables, type StoredTable } from '../../store/sql/table-list.ts'
import { keyOf, readRows, type Row } from '../../store/sql/table-rows.ts'
import type { CopyDatabases } from './databases.ts'

/** How the rows of a table in the target compare with those in the source. */
export interface TableComparison {
  readonly table: string
  /** The number of rows in the source. */
  readonly rows: number
  /** The SHA-256 of the rows of the source, in the order of their keys. */
  readonly digest: string
  /** Rows that only the source has. */
  readonly missing: number
  /** Rows that only the target has. */
  readonly extra: number
  /** Rows whose values differ. */
  readonly different: number
}

/** Reads every row of both databases and compares them. Calls `onRows` with the number of rows. */
export async function compareRows(
  { source, target }: CopyDatabases,
  onRows: (count: number) => void,
): Promise<readonly TableComparison[]> {
  const comparisons: TableComparison[] = []
  for (const table of listTables()) comparisons.push(await compareTable(source, target, table, onRows))
  return comparisons
}

export const isIdentical = ({ missing, extra, different }: TableComparison): boolean =>
  missing + extra + different === 0

async function compareTable(
  source: Database,
  target: Database,
  table: StoredTable,
  onRows: (count: number) => void,
): Promise<TableComparison> {
  const [left, right] = [createReader(source, table, onRows), createReader(target, table)]
  const counts = { rows: 0, missing: 0, extra: 0, different: 0 }
  const hash = createHash('sha256')
  await Promise.all([left.advance(), right.advance()])
  while (left.row ?? right.row) {
    const order = compareKeys(left.row && keyOf(table, left.row), right.row && keyOf(table, right.row))
    if (left.row && order <= 0) {
      const line = toLine(left.row)
      hash.update(`${line}\n`)
      counts.rows += 1
      if (order < 0) counts.missing += 1
      else if (right.row && line !== toLine(right.row)) counts.different += 1
    }
    if (order > 0) counts.extra += 1
    if (order <= 0) await left.advance()
    if (order >= 0) await right.advance()
  }
  return { table: table.name, digest: hash.digest('hex'), ...counts }
}

/** PostgreSQL stores U+FFFD instead of U+0000. */
const toLine = (row: Row): string => JSON.stringify(row).replaceAll(String.raw`\u0000`, '\uFFFD')

interface RowReader {
  /** The current row; undefined after the last one. */
  readonly row: Row | undefined
  advance(): Promise<void>
}

function createReader(database: Database, table: StoredTable, onRows?: (count: number) => void): RowReader {
  const batches = readRows(database, table)
  let batch: readonly Row[] = []
  let position = 0
  return {
    get row() {
      return batch[position]
    },
    async advance() {
      position += 1
      if (position < batch.length) return
      const next = await batches.next()
      batch = next.done ? [] : next.value
      position = 0
      onRows?.(batch.length)
    },
  }
}

/** Compares keys as the databases do: text byte by byte, in UTF-8. A missing key comes last. */
function compareKeys(left: Row | undefined, right: Row | undefined): number {
  if (!left || !right) return left ? -1 : 1
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? null
    const order =
      typeof value === 'number' && typeof other === 'number'
        ? value - other
        : Buffer.compare(Buffer.from(String(value)), Buffer.from(String(other)))
    if (order !== 0) return order
  }
  return 0
}
