import type { SQLInputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { isUnusable } from './errors.ts'
import { MEMORY, openFile } from './file.ts'
import type { OpenFile } from './file.ts'

const MOST_STATEMENTS = 200

/** A connection to one database file, opened at its first query. */
export interface SqliteConnection extends DatabaseConnection {
  close(): void
}

interface Cached {
  readonly statement: StatementSync
  readonly hasRows: boolean
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
    if (file && (file.database.isTransaction || file.isInPlace())) return file
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
    const cached = { statement, hasRows: statement.columns().length > 0 }
    statements.set(sql, cached)
    return cached
  }

  function run({ sql, parameters }: CompiledQuery): QueryResult<unknown> {
    const current = open()
    // SQLite obeys a pragma while it prepares it, so that running one from the cache may do nothing.
    if (sql.startsWith('pragma ')) {
      current.database.exec(sql)
      return { rows: [] }
    }
    const { statement, hasRows } = prepare(current, sql)
    const values = parameters as SQLInputValue[]
    if (hasRows) return { rows: statement.all(...values) }
    return { rows: [], numAffectedRows: BigInt(statement.run(...values).changes) }
  }

  return {
    close,
    async executeQuery<Row>(query: CompiledQuery) {
      try {
        return run(query) as QueryResult<Row>
      } catch (error) {
        if (isUnusable(error) && path !== MEMORY) close()
        throw error
      }
    },
    streamQuery() {
      throw new Error('Streaming is not supported')
    },
  }
}
