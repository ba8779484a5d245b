import { ConfigError } from '../../errors.ts'
import { parseMysqlUrl } from '../../store/mysql/url.ts'
import { parsePostgresUrl } from '../../store/postgres/url.ts'
import { UsageError } from '../errors.ts'
import type { Choices, Database } from './choices.ts'

/** A database server, and how a project uses it. */
interface DatabaseServer {
  /** The package of its driver. */
  readonly driver: string
  readonly scheme: string
  readonly port: number
  /** Throws `ConfigError` if a URL is invalid. */
  readonly parse: (url: string) => unknown
}

const SERVERS: Readonly<Record<Exclude<Database, 'sqlite'>, DatabaseServer>> = {
  postgres: { driver: 'pg', scheme: 'postgres', port: 5432, parse: parsePostgresUrl },
  mysql: { driver: 'mysql2', scheme: 'mysql', port: 3306, parse: parseMysqlUrl },
}

/** Returns the server of a database; undefined for SQLite, which has none. */
export const serverOf = (database: Database): DatabaseServer | undefined =>
  database === 'sqlite' ? undefined : SERVERS[database]

/** What `--database` may begin with, or be. */
const NAMES: Readonly<Record<string, Database>> = {
  sqlite: 'sqlite',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
}

/** The choices, and the URL of the database if it is known. It may have a password. */
export interface Answers extends Choices {
  readonly url?: string
}

/** Parses `--database`: a name, or the URL of a server. Throws `UsageError`, which does not repeat a password. */
export function parseDatabaseFlag(text: string): Pick<Answers, 'database' | 'url'> {
  const [name = '', isUrl] = text.split(/(:\/\/)/)
  const database = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
  if (database === undefined || (isUrl !== undefined && database === 'sqlite'))
    throw new UsageError(
      `--database must be sqlite, postgres, mysql or mariadb, or a URL such as ${exampleUrl('postgres')}.`,
    )
  if (isUrl === undefined) return { database }
  const problem = urlProblem(database, text)
  if (problem !== undefined) throw new UsageError(`--database ${problem}.`)
  return { database, url: text }
}

/** Returns what is wrong with a URL, or undefined. */
export function urlProblem(database: Database, url: string): string | undefined {
  try {
    serverOf(database)?.parse(url)
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.problems[0]?.message
    throw error
  }
}

/** Returns a URL to be edited. */
export function exampleUrl(database: Exclude<Database, 'sqlite'>): string {
  const { scheme, port } = SERVERS[database]
  return `${scheme}://user:password@localhost:${port}/database`
}

const VARIABLE = /^\s*(?:export\s+)?DATABASE_URL\s*=\s*(.*?)\s*$/m

/** Returns whether the text of `.env` has the URL of the database. */
export const namesDatabase = (environment: string): boolean => VARIABLE.test(environment)

/** Returns the text of `.env` with the URL. What is there already stays. */
export function withDatabaseUrl(environment: string, url: string): string {
  if (namesDatabase(environment)) return environment
  const start = environment === '' || environment.endsWith('\n') ? environment : `${environment}\n`
  return `${start}DATABASE_URL=${forEnvironment(url)}\n`
}

/** Returns whether the text of `.env` has another URL than this one. */
export const namesAnother = (environment: string, url: string): boolean =>
  namesDatabase(environment) && VARIABLE.exec(environment)?.[1] !== forEnvironment(url)

/** Encodes what has a meaning in `.env`: spaces, quotes, `#`, and `$`, which Next expands. */
const forEnvironment = (url: string): string =>
  new URL(url).href.replaceAll('$', '%24').replaceAll("'", '%27').replaceAll('`', '%60')
