import { readFileSync } from 'node:fs'
import { TLS_OPTIONS } from '../../store/server-url.ts'
import { CommandError, UsageError } from '../errors.ts'

/** The certificates that TLS uses, as text. */
interface Tls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** False only with `sslmode=no-verify`. */
  readonly rejectUnauthorized: boolean
}

/** How to reach a database server. */
export interface DatabaseUrl {
  readonly kind: 'mysql' | 'postgres'
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The schema of PostgreSQL that the tables are in. Default: those of the user's search path. */
  readonly schema: string | undefined
  /** The path of a Unix socket of MySQL, or its directory with PostgreSQL. */
  readonly socket: string | undefined
  readonly tls: Tls | undefined
  /** In milliseconds. */
  readonly connectTimeout: number
  /** For messages: without the user name and the password. */
  readonly place: string
}

const KINDS: Readonly<Record<string, DatabaseUrl['kind']>> = {
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
}

/** Returns whether this looks like a URL, even with an unknown scheme or a missing slash: a path would be printed. */
export const isDatabaseUrl = (from: string): boolean =>
  /^(?:mysql|mariadb|postgres|postgresql):|^(?!sqlite:)[a-z][a-z\d+.-]*:\/\//i.test(from)

/**
 * Parses the URL of a database server. No message repeats it, because it contains a password.
 *
 * @throws UsageError if it is malformed
 */
export function parseDatabaseUrl(from: string): DatabaseUrl {
  const url = parseUrl(from)
  const kind = KINDS[url.protocol]
  if (!kind)
    throw new UsageError('The URL must start with mysql://, mariadb://, postgres:// or postgresql://.')
  const database = decode(url.pathname.slice(1))
  const user = decode(url.username)
  if (user === '' || database === '')
    throw new UsageError(`The URL needs a user and a database: ${kind}://user:password@host/database.`)
  const options = optionsOf(url)
  const host = decode(url.hostname).replaceAll(/^\[|\]$/g, '') || 'localhost'
  const port = Number(url.port || (kind === 'mysql' ? 3306 : 5432))
  return {
    kind,
    host,
    port,
    user,
    password: decode(url.password),
    database,
    schema: options.get('schema'),
    socket: options.get('socket'),
    tls: tlsOf(options),
    connectTimeout: secondsOf(options.get('connect_timeout') ?? '10') * 1000,
    place: `${kind}://${options.get('socket') ?? `${url.hostname || host}:${port}`}/${database}`,
  }
}

const ENCODING =
  'The database URL is malformed. Percent-encode special characters in the user name and the password: %40 for @, %2F for /, %23 for #.'

/** An unencoded `/`, `?` or `#` in the password would make a part of it look like the host. */
function parseUrl(from: string): URL {
  const url = URL.parse(from)
  if (!url || url.hash !== '' || /@/.test(url.pathname + url.search)) throw new UsageError(ENCODING)
  return url
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new UsageError(ENCODING)
  }
}

/** The names that the clients of PostgreSQL and MySQL use. */
const OPTIONS: Readonly<Record<string, string>> = {
  ...TLS_OPTIONS,
  connect_timeout: 'connect_timeout',
  'connect-timeout': 'connect_timeout',
  socket: 'socket',
  schema: 'schema',
}

function optionsOf({ searchParams }: URL): ReadonlyMap<string, string> {
  const options = new Map<string, string>()
  for (const [name, value] of searchParams) {
    const known = OPTIONS[name]
    if (known === undefined)
      throw new UsageError(
        `The database URL has an unknown option, ${name}. Known ones are sslmode, sslrootcert, sslcert, sslkey, connect_timeout, socket and schema.`,
      )
    options.set(known, value)
  }
  return options
}

/** Encryption without verification would not stop an attacker in the middle, so it must be named. */
const MODES: Readonly<Record<string, 'off' | 'verified' | 'unverified'>> = {
  disable: 'off',
  disabled: 'off',
  require: 'verified',
  required: 'verified',
  'verify-ca': 'verified',
  'verify-full': 'verified',
  'verify-identity': 'verified',
  'no-verify': 'unverified',
}

function tlsOf(options: ReadonlyMap<string, string>): Tls | undefined {
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => fileOf(name, options.get(name)))
  const named = options.get('sslmode') ?? (ca === undefined && cert === undefined ? 'disable' : 'require')
  const mode = MODES[named.toLowerCase().replaceAll('_', '-')]
  if (!mode) throw new UsageError('sslmode must be disable, require, verify-full or no-verify.')
  if (mode === 'off') return undefined
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    rejectUnauthorized: mode === 'verified',
  }
}

function fileOf(name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CommandError(`Cannot read the file of ${name}: ${(error as Error).message}`)
  }
}

function secondsOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new UsageError('connect_timeout must be a number of seconds.')
  return Number(text)
}
