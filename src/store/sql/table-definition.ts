import type { ColumnTypes } from './dialect.ts'

/** The kind of a column. A question mark makes it nullable. */
export type ColumnKind = keyof ColumnTypes | `${keyof ColumnTypes}?`

/** A table with its keys and indexes. */
export interface TableDefinition {
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Left out if a column is `serial`. */
  readonly primaryKey?: readonly string[]
  readonly unique?: readonly string[]
  readonly indexes?: readonly string[][]
}
