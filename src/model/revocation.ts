import type { Epochs } from './epochs.ts'

/** What a revocation applies to. For `user`, `client` and `issuer`, it raises an epoch. */
export type RevocationKind = 'token' | 'authorization' | 'session' | 'user' | 'client' | 'issuer'

/** An entry of the revocation feed. */
export interface RevocationEntry {
  /** Increases with each entry of a store. Concurrent readers can see entries out of order. */
  readonly id: number
  readonly kind: RevocationKind
  /** A `jti`, an authorization ID, a session ID, a `sub` or a client ID. Empty for the issuer. */
  readonly subject: string
  /**
   * The `sub` of the tokens that it revokes. Null if it revokes those of several users, and if the user is unknown. Guards
   * ignore it; it names keys for readers in other languages.
   */
  readonly sub: string | null
  /** The new epoch. Everything with a lower one is revoked. 0 for `token`, `authorization` and `session`. */
  readonly epoch: number
  /** When the last revoked token expires (ms). Null if the entry is kept forever. */
  readonly expiresAt: number | null
}

/** Everything by which an access token can be revoked. */
export interface RevocableToken {
  /** Its `jti`. */
  readonly id: string
  /** Null for a machine token. */
  readonly authorizationId: string | null
  readonly sessionId: string | null
  /** The `sub` of the user. Null for a machine token. */
  readonly subject: string | null
  readonly clientId: string
  readonly epochs: Epochs
}
