import type { Duration } from '../lib/duration.ts'

/** Options of the implicit grant. */
export interface ImplicitGrantOptions {
  /** How long the access token is valid. Default: the server's `accessTokenLifetime`. */
  readonly accessTokenLifetime?: Duration
}

/** The implicit grant. The token endpoint does not use it. */
export interface ImplicitGrant {
  readonly type: 'implicit'
  readonly options: ImplicitGrantOptions
}

/**
 * Creates the implicit grant (RFC 6749 section 4.2), which sends the access token in the redirect itself, without a
 * refresh token. Only for apps that cannot be changed: tokens leak from URLs and can be injected into them (RFC 9700
 * section 2.1.2). The server logs a warning when it starts.
 */
export const implicitGrant = (options: ImplicitGrantOptions = {}): ImplicitGrant => ({
  type: 'implicit',
  options,
})
