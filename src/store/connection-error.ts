/** The connection failed, or the server did not respond. Whether it has run the last statement is unknown. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'

  constructor(cause: unknown) {
    super(describeConnectionError(cause), { cause })
  }
}

/** Errors of Node, of DNS and of drivers, by their code. */
const REASONS: Readonly<Record<string, (error: NetworkError) => string>> = {
  ENOTFOUND: ({ hostname }) => `the host ${hostname} was not found`,
  EAI_AGAIN: ({ hostname }) => `the host ${hostname} was not found`,
  ECONNREFUSED: ({ address, port }) => `nothing listens at ${placeOf(address, port)}`,
  ETIMEDOUT: ({ address, port }) => `${placeOf(address, port)} does not respond`,
  ECONNRESET: () => 'the connection was lost',
  EPIPE: () => 'the connection was lost',
  PROTOCOL_CONNECTION_LOST: () => 'the connection was lost',
}

interface NetworkError {
  readonly code?: string
  readonly hostname?: string
  readonly address?: string
  readonly port?: number
}

const placeOf = (address: string | undefined, port: number | undefined): string =>
  [address ?? 'the server', ...(port === undefined ? [] : [port])].join(':')

/** Errors of `pg`, which have no code. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/^timeout expired|due to connection timeout$/, 'the server does not respond'],
  [/^Connection terminated|connection error and is not queryable/, 'the connection was lost'],
]

/** Says in plain words why a connection failed, with the code for those who search for it. */
export function describeConnectionError(error: unknown): string {
  // Node reports one error for each address of a host, under an error without a message.
  if (error instanceof AggregateError && error.message === '') return describeConnectionError(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const { code = '' } = error as NetworkError
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code]?.(error as NetworkError) : undefined
  if (reason !== undefined) return `${reason} (${code})`
  return PHRASES.find(([pattern]) => pattern.test(error.message))?.[1] ?? error.message
}

/** Codes of certificates that are not trusted, of servers that do not offer what the URL demands, and of other servers. */
const MISCONFIGURED: ReadonlySet<unknown> = new Set([
  'AUTH_SWITCH_PLUGIN_ERROR',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HANDSHAKE_NO_SSL_SUPPORT',
  'HANDSHAKE_SSL_ERROR',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'WRONG_SERVER',
])

/** Returns whether a connection failed because of how it is configured. `pg` reports a missing password or TLS without a code. */
export function isMisconfiguredConnection(error: unknown): boolean {
  if (!(error instanceof ConnectionError)) return false
  const { code } = (error.cause ?? {}) as NetworkError
  return MISCONFIGURED.has(code) || /^SASL: |does not support SSL/.test(error.message)
}
