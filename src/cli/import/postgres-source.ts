import type { Client, ClientConfig } from 'pg'
import { sslOf } from '../../store/postgres/url.ts'
import type { DatabaseUrl } from './database-url.ts'
import type { DatabaseReader, Row } from './rows.ts'

/**
 * Connects to PostgreSQL, and starts a read-only transaction with one snapshot.
 *
 * @throws the driver's error
 */
export async function openPostgres(url: DatabaseUrl): Promise<DatabaseReader> {
  const { default: pg } = await import('pg')
  const client = new pg.Client(optionsOf(url))
  // Queries report a lost connection. Without a listener, it would also end the process.
  client.on('error', () => {})
  const close = (): Promise<void> => client.end().catch(() => {})
  await client.connect()
  try {
    for (const statement of START) await client.query(statement)
    if (url.schema !== undefined) await client.query(SET_SCHEMA, [quote(url.schema)])
  } catch (error) {
    await close()
    throw error
  }
  return { read: (table) => readTable(client, table), close }
}

/** A cursor keeps no more than one page in memory, with or without a primary key. */
async function* readTable(client: Client, table: string): AsyncGenerator<Row> {
  await client.query(`declare passport_rows no scroll cursor for select * from ${quote(table)}`)
  for (;;) {
    const { rows } = await client.query<Row>('fetch 500 from passport_rows')
    yield* rows
    if (rows.length === 0) break
  }
  await client.query('close passport_rows')
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

const optionsOf = ({ tls, socket, connectTimeout, ...url }: DatabaseUrl): ClientConfig => ({
  host: socket ?? url.host,
  port: url.port,
  user: url.user,
  password: url.password,
  database: url.database,
  application_name: 'consulate import',
  connectionTimeoutMillis: connectTimeout,
  keepAlive: true,
  ssl: tls ? sslOf(tls, url.host) : false,
  // Text, as in a dump. A date would lose its time zone, and a number its digits.
  types: { getTypeParser: () => (text: unknown) => text },
})

const START = [
  'begin transaction isolation level repeatable read read only',
  'set local statement_timeout = 0',
  'set local idle_in_transaction_session_timeout = 0',
  "set local timezone = 'UTC'",
  "set local datestyle = 'ISO'",
] as const

const SET_SCHEMA = "select set_config('search_path', $1, true)"
