/**
 * Every error code that the server returns, with its HTTP status.
 *
 * RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, RFC 8628 section 3.5, RFC 8707 section 2;
 * `login_required`, `consent_required`, `interaction_required`, `request_not_supported` and `request_uri_not_supported` are
 * from OpenID Connect Core section 3.1.2.6. `insufficient_user_authentication` is from RFC 9470 section 3, `invalid_credentials` from the sign-in
 * API. `invalid_redirect_uri` and `invalid_client_metadata` are from RFC 7591 section 3.2.2, with the status that clients of
 * Laravel expect.
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
  invalid_redirect_uri: 422,
  invalid_client_metadata: 422,
  limit_reached: 422,
  access_denied: 403,
  not_found: 404,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  login_required: 401,
  invalid_credentials: 401,
  consent_required: 403,
  interaction_required: 403,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  invalid_token: 401,
  insufficient_user_authentication: 401,
  missing_token: 401,
  insufficient_scope: 403,
  too_many_requests: 429,
  server_error: 500,
  temporarily_unavailable: 503,
} as const

/**
 * Identifies our errors across copies of this package: a configuration file or a custom grant may load another copy, and
 * `instanceof` must recognize its errors too. Otherwise they would become a `server_error`.
 */
const MARK = Symbol.for('consulate.error')

const hasMark = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && Reflect.get(value, MARK) === name

/** An OAuth error code: the `error` of a response. */
export type ErrorCode = keyof typeof STATUS

/** Options of an `OAuthError`. */
export interface OAuthErrorOptions {
  /** The exact reason, for the log and the audit log. Never sent. May contain IDs, but no secrets or tokens. */
  readonly detail?: string
  /** The HTTP status, if it differs from that of the code: 405, 413. */
  readonly status?: number
  /** Additional response headers, such as `Retry-After` (seconds) or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The underlying error. Logged, never sent. */
  readonly cause?: unknown
  /** What the error page tells users in place of the description, which is written for developers. */
  readonly reason?: ErrorReason
}

/** An error that the error page explains to users, in their language. */
export type ErrorReason = 'unknown_client' | 'expired_form' | 'submitted_form' | 'forged_form' | 'not_found'

/**
 * An error response (RFC 6749 section 5.2). Custom grants refuse a request with it.
 *
 * `description` is sent to the client, so it must not contain any input. `detail` is only logged.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: ErrorCode
  readonly description: string
  readonly detail: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly reason: ErrorReason | undefined

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasMark(value, 'OAuthError')
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
    this.reason = options.reason
  }

  /** Returns the JSON body of the response. */
  toJSON(): { error: ErrorCode; error_description: string } {
    return { error: this.code, error_description: this.description }
  }
}

/** One problem of a configuration, or of the arguments of an administration method. */
export interface ConfigProblem {
  /** The option as written in code: `grants[1].lifetime`. */
  readonly path: string
  /** What is wrong, and what to write instead. */
  readonly message: string
}

/** Thrown for an invalid configuration or invalid arguments. `problems` lists all of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasMark(value, 'ConfigError')
  }

  get [MARK](): string {
    return 'ConfigError'
  }

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`)
    super(`Invalid configuration:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

/** Thrown by a store if the database is locked, full, read-only or unreachable. The response is 503 with `Retry-After`. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasMark(value, 'StoreUnavailableError')
  }

  get [MARK](): string {
    return 'StoreUnavailableError'
  }

  constructor(message: string, cause: unknown) {
    super(message, { cause })
  }
}
