import { ConfigError } from '../../errors.ts'
import { parseServerUrl, type ServerAddress, type ServerUrlFormat } from '../../store/server-url.ts'
import { UsageError } from '../errors.ts'

/** How to reach a database server. */
export interface DatabaseUrl extends Omit<ServerAddress, 'options'> {
  readonly kind: 'mysql' | 'postgres'
  /** The schema of PostgreSQL that the tables are in. Default: those of the user's search path. */
  readonly schema: string | undefined
  /** The path of a Unix socket of MySQL, or its directory with PostgreSQL. */
  readonly socket: string | undefined
  /** In milliseconds. */
  readonly connectTimeout: number
  /** For messages: without the user name and the password. */
  readonly place: string
}

const OPTIONS = ['connect_timeout', 'connect-timeout', 'socket', 'schema'] as const

const FORMATS: Readonly<Record<DatabaseUrl['kind'], Omit<ServerUrlFormat, 'path' | 'options'>>> = {
  mysql: { protocols: ['mysql:', 'mariadb:'], port: 3306 },
  postgres: { protocols: ['postgres:', 'postgresql:'], port: 5432 },
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
  const kind = kindOf(from)
  const { options, ...address } = parse(from, kind)
  const socket = options.get('socket')
  const { host, port, database } = address
  const hostname = host.includes(':') ? `[${host}]` : host
  return {
    ...address,
    kind,
    schema: options.get('schema'),
    socket,
    connectTimeout:
      secondsOf(options.get('connect_timeout') ?? options.get('connect-timeout') ?? '10') * 1000,
    place: `${kind}://${socket ?? `${hostname}:${port}`}/${database}`,
  }
}

function kindOf(from: string): DatabaseUrl['kind'] {
  const protocol = /^[a-z]+:/i.exec(from)?.[0].toLowerCase() ?? ''
  if (FORMATS.mysql.protocols.includes(protocol)) return 'mysql'
  if (FORMATS.postgres.protocols.includes(protocol)) return 'postgres'
  throw new UsageError('The URL must start with mysql://, mariadb://, postgres:// or postgresql://.')
}

function parse(from: string, kind: DatabaseUrl['kind']): ServerAddress {
  try {
    return parseServerUrl(from, { ...FORMATS[kind], path: 'from', options: OPTIONS })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(error.problems.map(({ message }) => `Database URL: ${message}.`).join('\n'))
  }
}

function secondsOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new UsageError('connect_timeout must be a number of seconds.')
  return Number(text)
}
