import type { Connection, ConnectionOptions } from 'mysql2'
import { sslOf } from '../../store/mysql/url.ts'
import type { DatabaseUrl } from './database-url.ts'
import type { DatabaseReader, Row } from './rows.ts'

/**
 * Connects to MySQL or MariaDB, and starts a read-only transaction with a consistent snapshot.
 *
 * @throws the driver's error
 */
export async function openMysql(url: DatabaseUrl): Promise<DatabaseReader> {
  const { createConnection } = await import('mysql2')
  const connection = createConnection(optionsOf(url))
  let lose: (error: Error) => void = () => {}
  // The driver reports a lost connection here, and not to the stream of a query.
  connection.on('error', (error: Error) => lose(error))
  try {
    for (const statement of START) await run(connection, statement)
  } catch (error) {
    connection.destroy()
    throw error
  }
  return {
    async *read(table) {
      const sql = `select * from \`${table.replaceAll('`', '``')}\``
      const stream = connection.query(sql).stream({ highWaterMark: 500 })
      lose = (error) => void stream.destroy(error)
      for await (const row of stream) yield row as Row
    },
    close: async () => connection.destroy(),
  }
}

const optionsOf = ({ tls, socket, connectTimeout, ...url }: DatabaseUrl): ConnectionOptions => ({
  host: url.host,
  port: url.port,
  user: url.user,
  password: url.password,
  database: url.database,
  charset: 'utf8mb4',
  connectTimeout,
  ...(socket !== undefined && { socketPath: socket }),
  ...(tls && { ssl: sslOf(tls) }),
  // Text, as in a dump. A date would lose its time zone, and a number its digits.
  typeCast: (field) => field.string('utf8'),
})

/**
 * The time zone is that of a dump. The server must wait for a slow reader, and must not limit the time of a query: each brand
 * ignores the comment of the other one.
 */
const START = [
  `set session time_zone = '+00:00', net_write_timeout = 86400, wait_timeout = 86400
    /*!50708 , max_execution_time = 0 */ /*M!100101 , max_statement_time = 0 */`,
  'set session transaction isolation level repeatable read',
  'start transaction with consistent snapshot, read only',
] as const

const run = (connection: Connection, sql: string): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.query(sql, (error) => (error ? reject(error) : resolve()))
  })
