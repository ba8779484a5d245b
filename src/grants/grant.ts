import type { OAuthError } from '../errors.ts'
import type { RefreshPolicy } from '../issuance/context.ts'
import type { Permission } from '../issuance/permission.ts'
import type { LiveRefreshTokens } from '../keys/refresh-token.ts'
import type { ImportedRefreshTokens } from '../passport/refresh-token.ts'
import type { Clock } from '../lib/clock.ts'
import type { Duration } from '../lib/duration.ts'
import type { Form } from '../lib/form.ts'
import type { Authorization } from '../model/authorization.ts'
import type { Client, GrantType } from '../model/client.ts'
import type { ScopeRules } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import type { Store } from '../store/contract.ts'
import type { RevocationStore } from '../store/revocations.ts'
import type { Attempt, Throttle } from '../throttle/throttle.ts'
import type { FailedPasswordAttempt } from '../users/check-password.ts'
import type { UserDirectory } from '../users/directory.ts'

/** A token request from an authenticated client that may use the grant. */
export interface GrantRequest {
  /** Pass it on unchanged: tokens are issued to this very object. */
  readonly client: Client
  /** The parameters of the request, as the client sent them. Empty ones count as missing. */
  readonly form: Form
  /** The IP address of the caller, as reported by trusted proxies. */
  readonly address: string
  /** The `User-Agent` header, as the client sent it. Empty if missing. */
  readonly userAgent: string
}

/** What a grant can read. Grants write nothing: issuance carries out their decision. */
export interface GrantContext {
  readonly clock: Clock
  /** The scopes that are defined for the client, for `chooseScopes`. */
  readonly scopes: ScopeRules
  /** The resources that clients can request (RFC 8707), for `chooseResources`. */
  readonly resources: readonly string[]
  /** Looks up users. */
  readonly userDirectory: Pick<UserDirectory, 'find' | 'load'>
  /** Checks something that can be guessed, and counts wrong guesses. */
  readonly attempt: Attempt
}

/** What built-in grants can read in addition. */
export interface BuiltInGrantContext extends GrantContext {
  /** The ID of this node. */
  readonly nodeId: string
  readonly store: { readonly [Name in 'codes' | 'deviceCodes' | 'authorizations']: Pick<Store[Name], 'find'> }
  readonly refreshTokens: Pick<LiveRefreshTokens, 'read'>
  readonly importedRefreshTokens: ImportedRefreshTokens
  /** The `aud` of tokens for which no resource was requested. */
  readonly audience: string
  readonly refresh: RefreshPolicy | undefined
  /**
   * The provider of built-in users: the store checks that a user exists in the same statement that refreshes or exchanges.
   * Undefined if there is none, if the configuration adds to tokens, or if such a statement has just changed no row: then
   * everything is read, to find out why.
   */
  readonly providerCheckedByStore: string | undefined
  readonly userDirectory: UserDirectory
  readonly throttle: Throttle
  readonly subjectOf: (user: UserRef) => string
  /** Reads the current epochs of a user, by `sub`, and a client. */
  readonly epochs: RevocationStore['readEpochs']
  /** Returns whether the revocation feed has revoked an authorization, even if its row does not say so. */
  readonly isRevoked: (authorization: Authorization) => boolean
}

/** What happens because of a refused token request, before the client gets its response. */
export interface RefusalEffects {
  /**
   * True if the request may have been a guess. It then counts against its address: 60 failures a minute by default.
   * Leave it out for what was checked with `attempt`, which counts by itself.
   */
  readonly isGuess?: boolean
  /** A one-time credential was used again. Revokes its authorization. */
  readonly replay?: {
    readonly credential: 'code' | 'device_code' | 'refresh_token'
    readonly authorizationId: string
  }
  /** The hash of an authorization code that must not be tried again. */
  readonly spentCode?: string
  /** The hash of a device code that was polled before the user answered. */
  readonly recordedPoll?: string
  /** A failed sign-in with a password, already counted by `checkPassword`. */
  readonly failedSignIn?: { readonly provider: string; readonly outcome: FailedPasswordAttempt }
}

/** The decision to issue no tokens. */
export interface Refusal extends RefusalEffects {
  readonly kind: 'refused'
  readonly error: OAuthError
}

/**
 * A grant type. It decides what an authenticated client and its parameters are authorized for. Your own grant can be any
 * object of this shape.
 *
 * `decide` returns `permit(...)` or `refuse(...)`. A thrown `OAuthError` becomes the response; anything else that is
 * thrown or returned becomes a `server_error`, with the cause in the log. `decide` runs once for each request, unless it
 * returns a permission that was not made with `permit` and a concurrent request gets ahead of it.
 */
export interface Grant {
  /** The `grant_type`. Yours is an absolute URI (RFC 6749 section 4.5). Clients must be registered for it. */
  readonly type: GrantType
  /** How long the access tokens of this grant are valid, if a client has no lifetime of its own. Default: the server's lifetime. */
  readonly accessTokenLifetime?: Duration
  decide(request: GrantRequest, context: GrantContext): Promise<Permission | Refusal>
}

/** A grant of this package. */
export interface BuiltInGrant extends Grant {
  decide(request: GrantRequest, context: BuiltInGrantContext): Promise<Permission | Refusal>
}

/**
 * Refuses a token request: `refuse(new OAuthError('invalid_grant', 'The code is invalid', { detail }))`. The description
 * is sent to the client and must not reveal what exactly was wrong. `detail` is logged.
 */
export const refuse = (error: OAuthError, effects: RefusalEffects = {}): Refusal => ({
  kind: 'refused',
  error,
  ...effects,
})

/**
 * Returns whether a client may be guessing when it presents an invalid code or token. A confidential client has proved
 * its secret and passes on what its users bring. If those counted, one user could get the client's address throttled,
 * and with it everyone who signs in through it.
 */
export const canBeGuess = ({ type }: Client): boolean => type === 'public'
