/**
 * How long a consent form may stay open (ms). The code it leads to is remembered just as long, so that posting the form
 * again cannot create a second one.
 */
export const CONSENT_LIFETIME = 3_600_000

/** What a consent form carries, signed: the request, who it was shown to, and the seed of the one code it can create. */
export interface ConsentRequest {
  /** The query of the authorization request. It is checked again when the form is posted. */
  readonly query: string
  readonly sessionId: string
  /** The provider of the user. */
  readonly provider: string
  /** 256 random bits. The code is derived from them, so posting a form twice gives the same code. */
  readonly nonce: string
  /** Where the page said the user would be redirected. */
  readonly redirectUri: string
  /** What the page asked for. Without `scope` in the query, the client's owner could add some while the page is open. */
  readonly scopes: readonly string[]
  /** The requested scopes that the page showed as allowed before. Missing if there were none. */
  readonly allowed?: readonly string[]
  /** The requested scopes with a checkbox. Missing if there were none. */
  readonly choices?: readonly string[]
}

/** How long a user can take to sign in (ms) and still return to where they were. */
export const RETURN_TO_LIFETIME = 86_400_000

/** Where a user returns after signing in, signed: a path and query of this server, for users of one provider. */
export interface ReturnTo {
  readonly provider: string
  readonly path: string
  /** Set if the user was sent to the app's sign-in page: the browser that was sent there. */
  readonly browser?: string
  /** Only a sign-in after this time (ms) is accepted. */
  readonly after?: number
}
