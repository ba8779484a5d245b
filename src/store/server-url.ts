import { readFileSync } from 'node:fs'
import { ConfigError } from '../errors.ts'

/** How to reach a database server, as its URL says. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Undefined without TLS. */
  readonly tls: TlsFiles | undefined
  /** The other options of the URL, by name. */
  readonly options: ReadonlyMap<string, string>
}

/** What TLS uses and verifies. */
export interface TlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized: boolean
  /** Whether the certificate must name the host. */
  readonly verifiesIdentity: boolean
}

/** How the URLs of one kind of server look. */
export interface ServerUrlFormat {
  /** Names the option in messages: `postgres.url`. */
  readonly path: string
  /** With a colon. */
  readonly protocols: readonly string[]
  readonly port: number
  /** The names of options, besides those of TLS. */
  readonly options: readonly string[]
}

/**
 * Parses the URL of a server. No message repeats it, because it contains a password.
 *
 * @throws ConfigError if it is malformed
 */
export function parseServerUrl(text: unknown, format: ServerUrlFormat): ServerAddress {
  const fail = (message: string): never => {
    throw new ConfigError([{ path: format.path, message }])
  }
  const malformed = `must be a URL such as ${format.protocols[0]}//user:password@host:${format.port}/database, with special characters percent-encoded`
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part)
    } catch {
      return fail(malformed)
    }
  }
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (!url || !format.protocols.includes(url.protocol) || hasStrayDelimiter(url)) return fail(malformed)
  const [user, database] = [decode(url.username), decode(url.pathname.slice(1))]
  if (user === '') return fail(`names no user: it ${malformed}`)
  if (database === '') return fail(`names no database: it ${malformed}`)
  const options = optionsOf(url, format, fail)
  return {
    host: decode(url.hostname).replaceAll(/^\[|\]$/g, '') || 'localhost',
    port: Number(url.port || format.port),
    user,
    password: decode(url.password),
    database,
    tls: tlsOf(options, fail),
    options,
  }
}

/** An unencoded `/`, `?` or `#` in the password would make a part of it look like the host. */
const hasStrayDelimiter = ({ hash, pathname, search }: URL): boolean =>
  hash !== '' || /@/.test(pathname + search)

/** The names that the clients of PostgreSQL and MySQL use. */
const TLS_OPTIONS: Readonly<Record<string, string>> = {
  sslmode: 'sslmode',
  'ssl-mode': 'sslmode',
  sslrootcert: 'sslrootcert',
  'ssl-ca': 'sslrootcert',
  sslcert: 'sslcert',
  'ssl-cert': 'sslcert',
  sslkey: 'sslkey',
  'ssl-key': 'sslkey',
}

type Fail = (message: string) => never

function optionsOf(
  { searchParams }: URL,
  { options: others }: ServerUrlFormat,
  fail: Fail,
): ReadonlyMap<string, string> {
  const options = new Map<string, string>()
  for (const [given, value] of searchParams) {
    const name = others.includes(given) ? given : TLS_OPTIONS[given]
    if (name === undefined) {
      const known = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', ...others].join(', ')
      return fail(`has an unknown option, ${given}. The options are ${known}`)
    }
    options.set(name, value)
  }
  return options
}

/** Encryption without verification would not stop an attacker in the middle, so it must be named. */
const MODES: Readonly<Record<string, 'off' | 'certificate' | 'identity' | 'unverified'>> = {
  disable: 'off',
  disabled: 'off',
  require: 'identity',
  required: 'identity',
  'verify-ca': 'certificate',
  'verify-full': 'identity',
  'verify-identity': 'identity',
  'no-verify': 'unverified',
}

function tlsOf(options: ReadonlyMap<string, string>, fail: Fail): TlsFiles | undefined {
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) =>
    fileOf(name, options.get(name), fail),
  )
  const named = options.get('sslmode') ?? (ca === undefined && cert === undefined ? 'disable' : 'require')
  const mode = MODES[named.toLowerCase().replaceAll('_', '-')]
  if (!mode) return fail('sslmode must be disable, require, verify-ca, verify-full or no-verify')
  if (mode === 'off') return undefined
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    rejectUnauthorized: mode !== 'unverified',
    verifiesIdentity: mode === 'identity',
  }
}

function fileOf(name: string, path: string | undefined, fail: Fail): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return fail(`cannot read the file of ${name}: ${(error as Error).message}`)
  }
}
