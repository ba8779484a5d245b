/** The implicit grant. There is nothing to decide at the token endpoint, which does not know it. */
export interface ImplicitGrant {
  readonly type: 'implicit'
}

/**
 * A person allows a client something in the browser, and the token stands in the very address that they are sent back to
 * (RFC 6749 section 4.2). For apps that cannot be changed at once: tokens leak from addresses and can be slipped into
 * them (RFC 9700 section 2.1.2), of which the log warns at start. Nobody gets a refresh token by it.
 */
export const implicitGrant = (): ImplicitGrant => ({ type: 'implicit' })
