/** How long a consent form may stay open (ms). Its code must be remembered as long: else it would give that code again. */
export const CONSENT_LIFETIME = 3_600_000

/** What a consent form carries, sealed: the request, whom it was shown to, and the seed of the one code it can give. */
export interface ConsentRequest {
  /** The query of the authorization request, checked again when the form comes back. */
  readonly query: string
  readonly sessionId: string
  /** The provider of the person it was shown to. */
  readonly provider: string
  /** 256 random bits: the code is derived from them, so a form that is posted twice gives one code. */
  readonly nonce: string
}
