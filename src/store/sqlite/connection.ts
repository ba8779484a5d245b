import type { SQLInputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { DirectConnection } from '../sql/dialect.ts'
import { isUnusable } from './errors.ts'
import { MEMORY, openFile } from './file.ts'
import type { OpenFile } from './file.ts'

const MAX_STATEMENTS = 200

/** The connection to a database file. It opens the file at the first query. */
export interface SqliteConnection extends DatabaseConnection, DirectConnection {
  close(): void
}

interface PreparedStatement {
  readonly statement: StatementSync
  readonly columns: readonly string[]
}

/**
 * Connects to a database file. If the file becomes unusable, the connection closes and the next query opens the file
 * again. It never creates a file that has vanished, because an empty database would forget every revocation.
 */
export function createConnection(path: string): SqliteConnection {
  const statements = new Map<string, PreparedStatement>()
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

  function prepare({ database }: OpenFile, sql: string): PreparedStatement {
    const cached = statements.get(sql)
    if (cached) return cached
    if (statements.size >= MAX_STATEMENTS) statements.clear()
    const statement = database.prepare(sql)
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) }
    // Reading rows with many columns as arrays takes a third less time.
    statement.setReturnArrays(true)
    statements.set(sql, prepared)
    return prepared
  }

  function execute({ sql, parameters }: CompiledQuery): QueryResult<unknown> {
    const current = open()
    // SQLite applies a pragma when it prepares the statement, so a cached statement would do nothing.
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
  // An iterator would create an array for each column.
  for (let index = 0; index < columns.length; index += 1) row[columns[index] ?? ''] = values[index]
  return row
}
