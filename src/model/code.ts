import type { Epochs } from './epochs.ts'
import type { UserRef } from './subject.ts'

/** An authorization code as it is kept (RFC 6749 section 4.1.2): never the code itself. */
export interface AuthorizationCode extends UserRef {
  /** SHA-256 of the code. */
  readonly hash: string
  /** The id of the authorization that spending it will make. */
  readonly authorizationId: string
  readonly clientId: string
  /** The browser session it was given in. */
  readonly sessionId: string
  /** Whether the authorization ends with that session. */
  readonly endsWithSession: boolean
  readonly redirectUri: string
  /** Whether the request named the redirect URI; then the exchange must too (RFC 6749 section 4.1.3). */
  readonly isRedirectUriRequired: boolean
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly codeChallenge: string | null
  readonly epochs: Epochs
  readonly createdAt: number
  readonly expiresAt: number
  readonly spentAt: number | null
  /** Set when a revocation ended it before it was spent. */
  readonly voidedAt: number | null
}
