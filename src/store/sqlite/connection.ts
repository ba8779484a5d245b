import type { SQLInputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { DirectConnection } from '../sql/dialect.ts'
import { isUnusable } from './errors.ts'
import { MEMORY, openFile } from './file.ts'
import type { OpenFile } from './file.ts'

const MOST_STATEMENTS = 200

/** A connection to one database file, opened at its first query. */
export interface SqliteConnection extends DatabaseConnection, DirectConnection {
  close(): void
}

interface Cached {
  readonly statement: StatementSync
  readonly columns: readonly string[]
}

/**
 * Connects to a database file. Where the file breaks, vanishes or turns read-only, the connection is dropped and the
 * next query opens it anew; a file that is gone is not made again, since an empty database would forget every revocation.
 */
export function createConnection(path: string): SqliteConnection {
  const statements = new Map<string, Cached>()
  let file: OpenFile | undefined
  let wasOpen = false

  function close(): void {
    statements.clear()
    file?.database.close()
    file = undefined
  }

  function open(): OpenFile {
    if (file && (file.isInPlace() || file.database.isTransaction)) return file
    close()
    file = openFile(path, !wasOpen)
    wasOpen = true
    return file
  }

  function prepare({ database }: OpenFile, sql: string): Cached {
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= MOST_STATEMENTS) statements.clear()
    const statement = database.prepare(sql)
    const cached = { statement, columns: statement.columns().map(({ name }) => name) }
    // Rows of many columns come in two thirds of the time as lists.
    statement.setReturnArrays(true)
    statements.set(sql, cached)
    return cached
  }

  function execute({ sql, parameters }: CompiledQuery): QueryResult<unknown> {
    const current = open()
    // SQLite obeys a pragma while it prepares it: running a prepared one again would do nothing.
    if (sql.startsWith('pragma ')) {
      current.database.exec(sql)
      return { rows: [] }
    }
    const { statement, columns } = prepare(current, sql)
    const values = parameters as SQLInputValue[]
    if (columns.length === 0) return { rows: [], numAffectedRows: BigInt(statement.run(...values).changes) }
    return { rows: (statement.all(...values) as unknown as unknown[][]).map((row) => toRow(columns, row)) }
  }

  function run<Row>(query: CompiledQuery<Row>): QueryResult<Row> {
    try {
      return execute(query) as QueryResult<Row>
    } catch (error) {
      if (isUnusable(error) && path !== MEMORY) close()
      throw error
    }
  }

  return {
    close,
    isFree: () => file !== undefined && !file.database.isTransaction,
    run,
    executeQuery: async <Row>(query: CompiledQuery) => run(query as CompiledQuery<Row>),
    streamQuery() {
      throw new Error('Streaming is not supported')
    },
  }
}

function toRow(columns: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const [index, column] of columns.entries()) row[column] = values[index]
  return row
}
