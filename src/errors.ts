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
  /**
   * A parameter is missing, repeated or malformed. The client authenticates in two ways. A `code_verifier` is sent,
   * but the request had no `code_challenge`. At the authorization endpoint: the client is unknown, the redirect URI
   * isn't registered, or the request is longer than 14 KiB. A consent form was open for more than an hour, or was
   * already submitted.
   * - 405: The method isn't allowed; `Allow` lists the ones that are.
   * - 413: The body is longer than 64 KiB.
   * - 415: The body isn't JSON, where it must be. At the sign-in API: it is neither JSON nor a form.
   * - 422: A member of the JSON body is invalid, or the user has too many personal access tokens.
   */
  invalid_request: 400,
  /**
   * The client is unknown, revoked or of a provider that this server doesn't have, or its secret is incorrect or
   * missing. With `WWW-Authenticate: Basic` if the client used the `Authorization` header.
   */
  invalid_client: 401,
  /**
   * The user name or password is incorrect. The code, device code or refresh token is unknown, another client's,
   * used, expired or revoked. A token to revoke is another client's. The redirect URI or the verifier doesn't match.
   * The user is deleted, disabled, signed out everywhere in the meantime, or of another provider than the client.
   */
  invalid_grant: 400,
  /**
   * The client isn't registered for this grant type, or is a public client that requests client credentials.
   * - 403: The client isn't registered to follow revocations, or to introspect tokens.
   */
  unauthorized_client: 400,
  /** The grant type isn't configured. `implicit` isn't a grant type at the token endpoint. */
  unsupported_grant_type: 400,
  /** Anything but `code` and, with the implicit grant, `token`. */
  unsupported_response_type: 400,
  /**
   * A scope isn't defined, or the client may not have it. A refresh requests more than was authorized.
   * - 422: A personal access token with an undefined scope.
   */
  invalid_scope: 400,
  /** A `resource` isn't one of the server's, or wasn't authorized. */
  invalid_target: 400,
  /** A user's app has an invalid redirect URI. `errors` has the reasons. RFC 7591 has 400. */
  invalid_redirect_uri: 422,
  /** Another member of a user's app is invalid. `errors` has the reasons by member. RFC 7591 has 400. */
  invalid_client_metadata: 422,
  /** The user has the maximum number of apps (`userApps.limit`). */
  limit_reached: 422,
  /**
   * The user denied the request, or a form wasn't sent from our page (CSRF). Thrown by `sessions.end` if another
   * site caused the request.
   * - 400: The user denied a device.
   */
  access_denied: 403,
  /**
   * The device isn't the user's, or no longer exists. The personal access token or app isn't the user's, or no
   * longer exists. The path isn't one of the server's.
   */
  not_found: 404,
  /** The user hasn't answered this device yet. Logged at debug level, without an event. */
  authorization_pending: 400,
  /** The device polls too often and must wait 5 seconds longer from now on. */
  slow_down: 400,
  /** The device code has expired. */
  expired_token: 400,
  /**
   * `prompt=none`, and the user isn't signed in, or signed in longer ago than `max_age`. As JSON, with
   * `WWW-Authenticate: Cookie`: the JSON API without a session, or a page that needs one; `login_uri` is where to
   * sign in.
   */
  login_required: 401,
  /** The sign-in API: the user name or password is incorrect. A `current_password` is incorrect. */
  invalid_credentials: 401,
  /** `prompt=none`, and the user hasn't given consent. As JSON, `consent_uri` is where to give it. */
  consent_required: 403,
  /** `prompt=none`, and only your app's sign-in page can tell whether the user is signed in. */
  interaction_required: 403,
  /**
   * The authorization request has a request object (RFC 9101). They aren't supported, and ignoring a signed request
   * would be unsafe.
   */
  request_not_supported: 400,
  /**
   * The authorization request has a request object (RFC 9101). They aren't supported, and ignoring a signed request
   * would be unsafe.
   */
  request_uri_not_supported: 400,
  /**
   * "Invalid token", "Token expired", "Token not yet valid" or "Token revoked". At `/auth/refresh`, about the
   * refresh token.
   * - 400, 410: A link to reset a password is unknown, used, expired or void.
   */
  invalid_token: 401,
  /**
   * The sign-in is too old for this action (RFC 9470). `max_age` in the challenge says how old it may be. Send the
   * user's password as `current_password`.
   */
  insufficient_user_authentication: 401,
  /** A guarded route without a bearer token. The challenge then has no error code (RFC 6750 section 3.1). */
  missing_token: 401,
  /** The token is valid, but lacks a scope. */
  insufficient_scope: 403,
  /**
   * Too many failures, too many device codes for public clients at one address, or too many personal access tokens
   * or apps within a day. Thrown by `server.attempt`. With `Retry-After`, `RateLimit` and `RateLimit-Policy`.
   */
  too_many_requests: 429,
  /**
   * An unexpected error; the log has the stack. Also if your own grant, `tokenClaims` or `tokenResponse` threw an error or
   * returned an invalid value, or if your code read the request body first and didn't keep it.
   */
  server_error: 500,
  /**
   * The store is busy, full or unreachable, revocations are stale, too many passwords are being checked, or the
   * server couldn't start. With `Retry-After`.
   */
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

  /**
   * True if waiting does not help: the password is wrong, the database does not exist, a permission is missing. Default false.
   */
  readonly isMisconfigured: boolean

  constructor(message: string, cause: unknown, options: { readonly isMisconfigured?: boolean } = {}) {
    super(message, { cause })
    this.isMisconfigured = options.isMisconfigured ?? false
  }
}
