import type { ConnectionOptions } from 'node:tls'
import type { PoolConfig } from 'pg'
import { ConfigError } from '../../errors.ts'
import { parseServerUrl } from '../server-url.ts'
import type { TlsFiles } from '../server-url.ts'

/** What a URL says about the store. */
export interface PostgresUrl {
  /** Where to connect to, in the options of the driver. */
  readonly config: PoolConfig
  readonly schema: string | undefined
  readonly tablePrefix: string | undefined
  readonly preparedStatements: boolean | undefined
}

const FORMAT = {
  path: 'postgres.url',
  protocols: ['postgres:', 'postgresql:'],
  port: 5432,
  options: [
    'host',
    'schema',
    'table_prefix',
    'connection_limit',
    'prepared_statements',
    'application_name',
    'channel_binding',
  ],
} as const

/**
 * Parses the URL of a database. `host` in its options is the directory of a Unix socket.
 *
 * @throws ConfigError if it is malformed
 */
export function parsePostgresUrl(text: unknown): PostgresUrl {
  const { host, port, user, password, database, tls, options } = parseServerUrl(text, FORMAT)
  return {
    config: {
      host: options.get('host') ?? host,
      port,
      user,
      password,
      database,
      ssl: tls ? sslOf(tls, host) : false,
      enableChannelBinding: options.get('channel_binding') !== 'disable',
      application_name: options.get('application_name') ?? 'consulate',
      ...limitOf(options.get('connection_limit')),
    },
    schema: options.get('schema'),
    tablePrefix: options.get('table_prefix'),
    preparedStatements: flagOf(options.get('prepared_statements')),
  }
}

/** Returns the options of the driver for TLS. */
export function sslOf(tls: TlsFiles, host: string): ConnectionOptions {
  const { verifiesIdentity, ...files } = tls
  return { ...files, host, ...(!verifiesIdentity && { checkServerIdentity: () => undefined }) }
}

function limitOf(text: string | undefined): Pick<PoolConfig, 'max'> {
  if (text === undefined) return {}
  if (!/^[1-9]\d{0,3}$/.test(text)) throw invalid('connection_limit must be a number from 1 to 9999')
  return { max: Number(text) }
}

function flagOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (text !== 'true' && text !== 'false') throw invalid('prepared_statements must be true or false')
  return text === 'true'
}

const invalid = (message: string): ConfigError => new ConfigError([{ path: 'postgres.url', message }])
