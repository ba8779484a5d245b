/** The values of a row by column, as text. */
export type Row = Readonly<Record<string, string | null>>

/** A row of a table, or why it cannot be read. */
export type SourceRow =
  | { readonly table: string; readonly row: Row }
  | { readonly table: string; readonly problem: string }

/** Where Passport's tables are read from. */
export interface PassportSource {
  /** Reads the rows of some tables, in any order. Tables that do not exist have none. Can be called again. */
  read(tables: ReadonlySet<string>): AsyncIterable<SourceRow>
  close(): Promise<void>
}

/** A connection to a database server, in a read-only transaction. It throws the errors of its driver. */
export interface DatabaseReader {
  /** Reads a table with bounded memory. */
  read(table: string): AsyncIterable<Row>
  close(): Promise<void>
}
