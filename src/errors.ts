/**
 * Every error code that leaves this server, with the HTTP status it travels with.
 *
 * RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, RFC 8628 section 3.5, RFC 8707 section 2;
 * `login_required`, `consent_required`, `request_not_supported` and `request_uri_not_supported` are OpenID Connect Core
 * section 3.1.2.6.
 */
const STATUS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  access_denied: 403,
  not_found: 404,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  login_required: 401,
  consent_required: 403,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  invalid_token: 401,
  missing_token: 401,
  insufficient_scope: 403,
  too_many_requests: 429,
  server_error: 500,
  temporarily_unavailable: 503,
} as const

/**
 * What errors are known by. A configuration file, or a grant of your own, may load another copy of this package, whose
 * classes are not these: a refusal of theirs must not become a `server_error`.
 */
const MARK = Symbol.for('consulate.error')

const isMarked = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && Reflect.get(value, MARK) === name

/** An error code of the OAuth family, as it appears in `error`. */
export type ErrorCode = keyof typeof STATUS

/** What only the log and the event may know about an error, and how the answer differs from the usual. */
export interface OAuthErrorOptions {
  /** The exact reason, for the log: may name ids, never a secret or a token. */
  readonly detail?: string
  /** Another HTTP status than the code's own: 405, 413. */
  readonly status?: number
  /** Extra response headers, such as `Retry-After` (seconds) or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  /** What failed underneath. Logged, never sent. */
  readonly cause?: unknown
}

/**
 * An answer in the words of RFC 6749 section 5.2.
 *
 * `description` goes to the caller and never holds input; `detail` goes to the log with the request id.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: ErrorCode
  readonly description: string
  readonly detail: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isMarked(value, 'OAuthError')
  }

  get [MARK](): string {
    return 'OAuthError'
  }

  constructor(code: ErrorCode, description: string, options: OAuthErrorOptions = {}) {
    super(`${code}: ${description}`, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.description = description
    this.detail = options.detail ?? description
    this.status = options.status ?? STATUS[code]
    this.headers = options.headers ?? {}
  }

  /** The JSON body: `{ error, error_description }`. */
  toJSON(): { error: ErrorCode; error_description: string } {
    return { error: this.code, error_description: this.description }
  }
}

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** The option, as it would be written in code: `grants[1].lifetime`. */
  readonly path: string
  /** What is wrong and what to write instead. */
  readonly message: string
}

/** Thrown by `createAuthorizationServer` and the CLI; lists every problem at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isMarked(value, 'ConfigError')
  }

  get [MARK](): string {
    return 'ConfigError'
  }

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`)
    super(`The configuration has ${problems.length === 1 ? 'a problem' : 'problems'}:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

/** Thrown by a store that cannot answer now (locked, full, read-only, gone); becomes 503 with Retry-After. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isMarked(value, 'StoreUnavailableError')
  }

  get [MARK](): string {
    return 'StoreUnavailableError'
  }

  constructor(message: string, cause: unknown) {
    super(message, { cause })
  }
}
