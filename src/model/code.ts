import type { Epochs } from './epochs.ts'
import type { UserRef } from './subject.ts'

/** An authorization code as stored (RFC 6749 section 4.1.2), without the code itself. */
export interface AuthorizationCode extends UserRef {
  /** SHA-256 of the code. */
  readonly hash: string
  /** The id of the authorization that its exchange creates. */
  readonly authorizationId: string
  readonly clientId: string
  /** The browser session that it was issued in. */
  readonly sessionId: string
  /** True if signing out of that session revokes the authorization. */
  readonly endsWithSession: boolean
  readonly redirectUri: string
  /** True if the authorization request named the redirect URI. The exchange must then name it too (RFC 6749 section 4.1.3). */
  readonly isRedirectUriRequired: boolean
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly codeChallenge: string | null
  readonly epochs: Epochs
  readonly createdAt: number
  readonly expiresAt: number
  readonly spentAt: number | null
  /** Set if a revocation voided it before it was spent. */
  readonly voidedAt: number | null
}
