import { withinTimeLimit } from '../../lib/async.ts'
import { isInstalled, notInstalled } from '../../lib/optional-package.ts'
import { describeConnectionError } from '../../store/connection-error.ts'
import { CommandError } from '../errors.ts'
import { parseDatabaseUrl, type DatabaseUrl } from './database-url.ts'
import type { DatabaseReader, PassportSource, Row } from './rows.ts'

const DRIVERS = { mysql: 'mysql2', postgres: 'pg' } as const

/**
 * Opens Laravel's database on its server. Everything is read in one snapshot.
 *
 * @throws CommandError if the driver is missing, or if the server cannot be reached
 */
export async function openDatabase(from: string): Promise<PassportSource> {
  const url = parseDatabaseUrl(from)
  const driver = DRIVERS[url.kind]
  if (!isInstalled(driver)) throw new CommandError(`This import ${notInstalled(driver)}.`)
  const reader = await open(url).catch((error: unknown) => {
    throw new CommandError(`Cannot connect to ${url.place}: ${reasonOf(error, url)}.`)
  })
  return {
    async *read(tables) {
      for (const table of tables)
        for await (const row of readTable(reader, table, url)) yield { table, row: { ...row } }
    },
    close: () => reader.close(),
  }
}

const open = async (url: DatabaseUrl): Promise<DatabaseReader> =>
  url.kind === 'mysql'
    ? (await import('./mysql-source.ts')).openMysql(url)
    : (await import('./postgres-source.ts')).openPostgres(url)

/** In milliseconds. A server that has stopped responding would otherwise stop the import forever. */
const MAX_SILENCE = 60_000

async function* readTable(reader: DatabaseReader, table: string, url: DatabaseUrl): AsyncGenerator<Row> {
  const rows = reader.read(table)[Symbol.asyncIterator]()
  for (;;) {
    const next = await withinTimeLimit(() => rows.next(), MAX_SILENCE, silent).catch((error: unknown) => {
      throw readError(error, table, url)
    })
    if (next.done) return
    yield next.value
  }
}

const silent = (): Error => new Error('the server does not respond')

const NO_TABLE: ReadonlySet<unknown> = new Set(['ER_NO_SUCH_TABLE', '42P01'])

function readError(error: unknown, table: string, url: DatabaseUrl): CommandError {
  if (NO_TABLE.has(codeOf(error)))
    return new CommandError(`${url.place} has no table ${table}. ${adviceOn(table)}`)
  return new CommandError(
    `Cannot read ${table} of ${url.place}: ${reasonOf(error, url)}. Complete rows were kept. Run the import again.`,
  )
}

const adviceOn = (table: string): string =>
  table.startsWith('oauth_')
    ? 'Is this the database of Passport?'
    : "Pass the name of the users' table with --users-table."

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code

/** Returns one clause. The messages of servers do not repeat passwords, but another one may. */
function reasonOf(error: unknown, { password }: DatabaseUrl): string {
  const reason = describeConnectionError(error).replaceAll(/\s+/g, ' ').replace(/\.$/, '')
  return password.length > 3 ? reason.replaceAll(password, '***') : reason
}
