import type { Events } from '../events.ts'
import type { KeySet } from '../keys/key-set.ts'
import type { RefreshTokens } from '../keys/refresh-token.ts'
import type { Clock } from '../lib/clock.ts'
import type { ScopeRules } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Store } from '../store/contract.ts'

/** How refresh tokens live. Times in milliseconds. */
export interface RefreshPolicy {
  /** Without use; each refresh begins it anew. */
  readonly lifetime: number
  /** From the sign-in, however often it is refreshed; null for no cap. */
  readonly maximum: number | null
  /** How long a rotated token may be repeated, where the client says nothing. */
  readonly graceWindow: number
  /** Whose tokens are replaced by each refresh. Public clients' always are (RFC 9700 section 4.14.2). */
  readonly rotation: 'always' | 'public'
}

/** What issuance works with. */
export interface IssuanceContext {
  readonly issuer: string
  /** The `aud` of tokens for which no resource was named. */
  readonly audience: string
  readonly scopes: ScopeRules
  /** The resources that tokens may be for (RFC 8707). */
  readonly resources: readonly string[]
  /** How long access tokens live (ms). */
  readonly accessTokenLifetime: number
  /** Undefined where the refresh grant is not offered: then nobody gets a refresh token. */
  readonly refresh: RefreshPolicy | undefined
  readonly subjectOf: (user: UserRef) => string
  /** The issuer's epoch as this node knows it, for tokens that have no row. */
  readonly issuerEpoch: () => number
  readonly store: Pick<Store, 'codes' | 'deviceCodes' | 'authorizations'>
  /** A session that begins on a device without a browser of ours. */
  readonly draftSession: Sessions['draft']
  readonly keys: Pick<KeySet, 'sign'>
  readonly refreshTokens: Pick<RefreshTokens, 'format'>
  readonly clock: Clock
  readonly events: Events
}

/** When a refresh token that is given now expires (ms): its lifetime from now, but not past the cap. */
export function refreshExpiry({ lifetime, maximum }: RefreshPolicy, createdAt: number, now: number): number {
  return maximum === null ? now + lifetime : Math.min(now + lifetime, createdAt + maximum)
}
