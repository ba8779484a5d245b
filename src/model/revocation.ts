/** What a revocation stops. Epoch kinds (`user`, `client`, `issuer`) stop everything born before a counter. */
export type RevocationKind = 'token' | 'authorization' | 'session' | 'user' | 'client' | 'issuer'

/** One entry of the revocation feed. */
export interface RevocationEntry {
  /** Grows with each entry of a store; may be seen out of order by concurrent readers. */
  readonly id: number
  readonly kind: RevocationKind
  /** A `jti`, an authorization id, a `sid`, a `sub`, a client id; empty for the issuer. */
  readonly subject: string
  /** For epoch kinds: the least epoch that lives. 0 otherwise. */
  readonly epoch: number
  /** When the last token that it stops has expired (ms); null: kept for good. */
  readonly expiresAt: number | null
}
