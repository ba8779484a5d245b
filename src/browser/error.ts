/** What is known about a refused request. */
export interface AuthErrorDetails extends ErrorOptions {
  readonly message?: string | undefined
  readonly status?: number
  readonly retryAfter?: number | undefined
}

/**
 * Thrown if the server refuses a request or can't be reached.
 *
 * `code` is the `error` of the response (RFC 6749 section 5.2), or one of these: `network_error` (no response),
 * `invalid_response` (not from this server, such as the page of a captive portal), `state_mismatch` and `issuer_mismatch`
 * (an authorization response that this client didn't ask for).
 */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  /** The error code: `invalid_credentials`, `too_many_requests`, `network_error`. */
  declare readonly code: string
  /** The HTTP status; 0 without a response. */
  declare readonly status: number
  /** Seconds to wait before the next attempt, if the server said so. */
  declare readonly retryAfter: number | undefined

  constructor(code: string, { message = code, status = 0, retryAfter, ...options }: AuthErrorDetails = {}) {
    super(message, options)
    Object.assign(this, { code, status, retryAfter })
  }
}

/** Returns whether an error says nothing about the tokens: the network is down or the server is busy. */
export const isTemporary = (error: unknown): boolean =>
  error instanceof AuthError &&
  (error.status === 429 || error.status >= 500 || ['network_error', 'invalid_response'].includes(error.code))
