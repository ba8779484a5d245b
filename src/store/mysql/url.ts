import type { PoolOptions, SslOptions } from 'mysql2'
import { ConfigError } from '../../errors.ts'
import { parseServerUrl } from '../server-url.ts'
import type { TlsFiles } from '../server-url.ts'

/** What a URL says about the store. */
export interface MysqlUrl {
  /** Where to connect to, in the options of the driver. */
  readonly config: PoolOptions
  readonly tablePrefix: string | undefined
}

const FORMAT = {
  path: 'mysql.url',
  protocols: ['mysql:', 'mariadb:'],
  port: 3306,
  options: ['socket', 'table_prefix', 'connection_limit'],
} as const

/** How many connections a process has at most. */
const DEFAULT_LIMIT = 10

/**
 * Parses the URL of a database. `socket` in its options is the path of a Unix socket.
 *
 * @throws ConfigError if it is malformed
 */
export function parseMysqlUrl(text: unknown): MysqlUrl {
  const { host, port, user, password, database, tls, options } = parseServerUrl(text, FORMAT)
  const socket = options.get('socket')
  return {
    config: {
      ...(socket === undefined ? { host, port } : { socketPath: socket }),
      user,
      password,
      database,
      ...(tls && { ssl: sslOf(tls) }),
      connectionLimit: limitOf(options.get('connection_limit')),
    },
    tablePrefix: options.get('table_prefix'),
  }
}

/** Returns the options of the driver for TLS. */
export const sslOf = ({ verifiesIdentity, ...files }: TlsFiles): SslOptions => ({
  ...files,
  verifyIdentity: verifiesIdentity,
})

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new ConfigError([{ path: 'mysql.url', message: 'connection_limit must be a number from 1 to 9999' }])
}
