import type { Epochs } from './epochs.ts'

/** What a revocation applies to. For `user`, `client` and `issuer`, it raises an epoch. */
export type RevocationKind = 'token' | 'authorization' | 'session' | 'user' | 'client' | 'issuer'

/**
 * Who revoked something: a `user` on a page or through an API; a `client`, or the holder of a personal access token, at
 * the revocation endpoint; the `owner` of a client; your own code (`app`); the `server` itself, by its rules; or the
 * `command_line`, for which only the audit log has entries.
 */
export type RevokedBy = 'user' | 'client' | 'owner' | 'app' | 'configuration' | 'server' | 'command_line'

/**
 * Why a session ended. `sign_out`: by its user, on the device itself; `signed_out_by_user`: from another device;
 * `max_sessions`: by a sign-in that exceeded the maximum; `app_session`: your app's session ended or has another user;
 * `replaced`: another user signed in with the same browser; `revoked_by_app`: your own code revoked it.
 */
export type SessionEndReason =
  | 'sign_out'
  | 'signed_out_by_user'
  | 'max_sessions'
  | 'app_session'
  | 'replaced'
  | 'revoked_by_app'

/**
 * Why something was revoked. `user_gone`: the user provider no longer finds the user; `replay`: a code or refresh token
 * was used again; `token_revoked`: by the revocation endpoint or `tokens.revoke`. `session_revoked`, `user_disabled` and
 * `recovery` are those of the command line.
 */
export type RevocationReason =
  | SessionEndReason
  | 'signed_out_everywhere'
  | 'password_changed'
  | 'user_forgotten'
  | 'user_gone'
  | 'replay'
  | 'token_revoked'
  | 'authorization_revoked'
  | 'personal_token_revoked'
  | 'app_disconnected'
  | 'client_revoked'
  | 'session_revoked'
  | 'user_disabled'
  | 'recovery'

/** Who revokes something, why, and in which request, if there is one. */
export interface RevocationCause {
  readonly by: RevokedBy
  readonly reason: RevocationReason
  readonly requestId?: string | undefined
}

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
