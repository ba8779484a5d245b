import { ConnectionError } from '../connection-error.ts'
import { toDatabaseError } from './errors.ts'

/** A pool of the `mysql2` package (3.24 or later), as far as it is used. */
export interface MysqlPool {
  getConnection(callback: (error: Error | null, connection: MysqlConnection) => void): void
}

/** A pool of `mysql2/promise`, as far as it is used. */
export interface PromisePool {
  readonly pool: MysqlPool
}

/** A connection of a pool, as far as it is used. */
export interface MysqlConnection {
  readonly config?: { readonly typeCast?: unknown }
  query(query: MysqlQuery, callback: MysqlCallback): unknown
  execute(query: MysqlQuery, callback: MysqlCallback): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  release(): void
  destroy(): void
}

/** A statement. The options undo those of an app that shares its pool. */
export interface MysqlQuery {
  readonly sql: string
  readonly values?: unknown[]
  readonly typeCast: true | ((field: unknown, next: () => unknown) => unknown)
  readonly rowsAsArray: false
  readonly nestTables: false
  readonly namedPlaceholders: false
}

type MysqlCallback = (error: Error | null, result: unknown) => void

const guarded = new WeakSet<MysqlConnection>()

/**
 * Takes a connection out of a pool, which may have to open it, or to wait until one is released.
 *
 * @throws ConnectionError if there is none within `limit` (ms)
 */
export function takeConnection(pool: MysqlPool, limit: number): Promise<MysqlConnection> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(new ConnectionError(`No connection within ${limit} ms`))
    }, limit)
    pool.getConnection((error, connection) => {
      clearTimeout(timer)
      if (error) return reject(toDatabaseError(error))
      guard(connection)
      if (isLate) connection.release()
      else resolve(connection)
    })
  })
}

/** The pool notices the first error of a connection and discards it. The second one would end the process. */
function guard(connection: MysqlConnection): void {
  if (guarded.has(connection)) return
  guarded.add(connection)
  connection.on('error', () => {})
}
