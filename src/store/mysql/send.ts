import type { CompiledQuery, QueryResult } from 'kysely'
import { ConnectionError } from '../connection-error.ts'
import type { MysqlConnection, MysqlQuery } from './driver.ts'

/** The rows of a query, and the status flags of the server; undefined after a query that returns rows. */
export interface Answer<Row> {
  readonly result: QueryResult<Row>
  readonly status: number | undefined
}

/**
 * Runs a query on a connection. After `limit` (ms) without an answer, it throws `ConnectionError` and closes the connection,
 * because the query may still run.
 *
 * @throws what the driver throws
 */
export function send<Row>(
  connection: MysqlConnection,
  { query, sql, parameters }: CompiledQuery<Row>,
  limit: number,
): Promise<Answer<Row>> {
  const method = PREPARED.has(query.kind) || parameters.length > 0 ? 'execute' : 'query'
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      connection.destroy()
      reject(new ConnectionError(`No answer within ${limit} ms`))
    }, limit)
    connection[method]({ ...optionsFor(connection), sql, values: [...parameters] }, (error, answer) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve(toAnswer(answer))
    })
  })
}

const PLAIN = { typeCast: true, rowsAsArray: false, nestTables: false, namedPlaceholders: false } as const

/** Only a function overrides the function of an app. It costs time for each value. */
const optionsFor = ({ config }: MysqlConnection): Omit<MysqlQuery, 'sql'> =>
  typeof config?.typeCast === 'function' ? { ...PLAIN, typeCast: (_, next) => next() } : PLAIN

/** Kinds of queries that are worth preparing on the server. Their values never become part of a statement. */
const PREPARED: ReadonlySet<string> = new Set([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
])

/** What a statement without rows returns. */
interface Header {
  readonly affectedRows: number
  readonly serverStatus: number
}

function toAnswer<Row>(answer: unknown): Answer<Row> {
  if (Array.isArray(answer)) return { result: toRows(answer as RawRow[]), status: undefined }
  const { affectedRows, serverStatus } = answer as Header
  return { result: { rows: [], numAffectedRows: BigInt(affectedRows) }, status: serverStatus }
}

type RawRow = Record<string, unknown>

/** Text that compares byte by byte arrives as bytes. */
function toRows<Row>(rows: RawRow[]): QueryResult<Row> {
  for (const row of rows) {
    for (const column in row) {
      const value = row[column]
      if (value instanceof Uint8Array)
        row[column] = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
    }
  }
  return { rows: rows as Row[] }
}
