import { MIGRATIONS } from './migrations.ts'
import type { MigrationStep } from './steps.ts'

/** A table as the migrations have made it. */
export interface StoredTable {
  readonly name: string
  /** The columns, and whether each holds text. The others hold integers. */
  readonly columns: ReadonlyMap<string, 'text' | 'integer'>
  /** The columns of the primary key. */
  readonly key: readonly string[]
  /** Whether the database assigns the ids, which it must never reuse. */
  readonly isSerial: boolean
}

/** Returns all tables of the store, in the order of their creation. */
export const listTables = (): readonly StoredTable[] => {
  const tables = new Map<string, StoredTable>()
  for (const step of Object.values(MIGRATIONS).flat()) addStep(tables, step)
  return [...tables.values()]
}

function addStep(tables: Map<string, StoredTable>, step: MigrationStep): void {
  if (step.kind === 'table') {
    const { columns, primaryKey } = step.definition
    const serial = Object.keys(columns).find((column) => columns[column] === 'serial')
    tables.set(step.table, {
      name: step.table,
      columns: kindsOf(columns),
      key: primaryKey ?? (serial === undefined ? [] : [serial]),
      isSerial: serial !== undefined,
    })
  }
  if (step.kind === 'columns') {
    const table = tables.get(step.table)
    if (table)
      tables.set(step.table, { ...table, columns: new Map([...table.columns, ...kindsOf(step.columns)]) })
  }
}

const kindsOf = (columns: Readonly<Record<string, string>>): ReadonlyMap<string, 'text' | 'integer'> =>
  new Map(
    Object.entries(columns).map(([column, kind]) => [
      column,
      /^(time|flag|count|serial)\b/.test(kind) ? 'integer' : 'text',
    ]),
  )
