import type { Events } from '../events.ts'
import type { KeySet } from '../keys/key-set.ts'
import type { RefreshTokens } from '../keys/refresh-token.ts'
import type { Clock } from '../lib/clock.ts'
import { SIGN_IN, type Client } from '../model/client.ts'
import type { ScopeRules } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import type { SessionLimit } from '../sessions/session-limit.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { RefreshedAuthorization } from '../store/authorizations.ts'
import type { Store } from '../store/contract.ts'
import type { Customize } from './customize.ts'

/** Times are in milliseconds. */
export interface RefreshPolicy {
  /** How long a refresh token is valid. Each refresh starts it again. */
  readonly lifetime: number
  /** The maximum time since the sign-in, regardless of refreshes. Null for no maximum. */
  readonly maximum: number | null
  /** How long a rotated token can be used again. Clients can have a grace window of their own. */
  readonly graceWindow: number
  /** Which clients get a new refresh token with each refresh. Public ones always do (RFC 9700 section 4.14.2). */
  readonly rotation: 'always' | 'public'
}

/** How long tokens are valid, and how refresh tokens rotate. */
export interface TokenPolicy {
  /** In milliseconds. */
  readonly accessTokenLifetime: number
  /** Undefined if no refresh tokens are issued. */
  readonly refresh: RefreshPolicy | undefined
}

/** Includes the policy of clients: without the refresh grant, they get no refresh tokens. */
export interface IssuanceContext extends TokenPolicy {
  readonly issuer: string
  /** The ID of this node. */
  readonly nodeId: string
  /** The `aud` of tokens without a requested resource. */
  readonly audience: string
  readonly scopes: ScopeRules
  /** The resources that can be requested (RFC 8707). */
  readonly resources: readonly string[]
  /** By grant type, in milliseconds. Other grants have `accessTokenLifetime`. */
  readonly accessTokenLifetimes: ReadonlyMap<string, number>
  /** The policy of the sign-in API. Undefined if it is off. */
  readonly signIn: TokenPolicy | undefined
  readonly subjectOf: (user: UserRef) => string
  /** Returns whether the revocation feed has revoked an authorization, even if its row does not say so. */
  readonly isRevoked: (authorization: RefreshedAuthorization) => boolean
  /** The issuer epoch that this node knows, for machine tokens, which have no row. */
  readonly issuerEpoch: () => number
  readonly store: Pick<Store, 'codes' | 'deviceCodes' | 'authorizations'>
  /** Asks the configuration what to add to a token and its response. */
  readonly customize: Customize
  /** Creates a session for a device. */
  readonly draftSession: Sessions['draft']
  /** Applied after a session was inserted. */
  readonly sessionLimit: Pick<SessionLimit, 'enforce'>
  readonly keys: Pick<KeySet, 'sign'>
  readonly refreshTokens: Pick<RefreshTokens, 'format'>
  readonly clock: Clock
  readonly events: Events
}

/** Returns when a refresh token that is issued now expires (ms). */
export function refreshExpiry({ lifetime, maximum }: RefreshPolicy, createdAt: number, now: number): number {
  return maximum === null ? now + lifetime : Math.min(now + lifetime, createdAt + maximum)
}

/** Returns the policy for the tokens that a client gets by a grant: its own times, then those of the grant, then the server's. */
export function policyFor(
  context: Pick<IssuanceContext, keyof TokenPolicy | 'accessTokenLifetimes' | 'signIn'>,
  client: Client,
  grantType: string,
): TokenPolicy {
  if (client.id === SIGN_IN && context.signIn) return context.signIn
  const { refresh, accessTokenLifetimes } = context
  return {
    accessTokenLifetime:
      client.accessTokenLifetime ?? accessTokenLifetimes.get(grantType) ?? context.accessTokenLifetime,
    refresh: refresh && {
      ...refresh,
      lifetime: client.refreshTokenLifetime ?? refresh.lifetime,
      maximum: client.refreshTokenMaximumLifetime ?? refresh.maximum,
      graceWindow: client.graceWindow ?? refresh.graceWindow,
    },
  }
}
