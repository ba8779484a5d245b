import type { OAuthError } from '../errors.ts'
import type { RefreshPolicy } from '../issuance/context.ts'
import type { Permission } from '../issuance/permission.ts'
import type { RefreshTokens } from '../keys/refresh-token.ts'
import type { Clock } from '../lib/clock.ts'
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

/** A token request whose client is authenticated and may use the grant. */
export interface GrantRequest {
  /** Hand it on as it is: what is issued is issued to this very client. */
  readonly client: Client
  /** The parameters, each at most once; those that are empty count as left out. Anybody may have written them. */
  readonly form: Form
  /** Where the request came from, as far as trusted proxies tell: an IP address. */
  readonly address: string
  /** What it was sent with; empty where it does not say. Anybody may have written it. */
  readonly userAgent: string
}

/** What a grant may look at. It writes nothing: what it decides is carried out by issuance. */
export interface GrantContext {
  readonly clock: Clock
  /** The scopes that are defined, for `chooseScopes`. */
  readonly scopes: ScopeRules
  /** The resources that tokens may be asked for (RFC 8707), for `chooseResources`. */
  readonly resources: readonly string[]
  /** Everybody who can sign in. */
  readonly userDirectory: Pick<UserDirectory, 'find' | 'load'>
  /** Checks something that can be guessed, and counts the wrong guesses. */
  readonly attempt: Attempt
}

/** What a grant of ours looks at besides. */
export interface BuiltInGrantContext extends GrantContext {
  readonly store: { readonly [Name in 'codes' | 'deviceCodes' | 'authorizations']: Pick<Store[Name], 'find'> }
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  /** The `aud` of tokens for which no resource was requested. */
  readonly audience: string
  readonly refresh: RefreshPolicy | undefined
  readonly userDirectory: UserDirectory
  readonly throttle: Throttle
  readonly subjectOf: (user: UserRef) => string
  /** The present epochs of a person, by `sub`, and a client. */
  readonly epochs: RevocationStore['readEpochs']
  /** Whether an authorization was ended by a revocation that its row does not show. */
  readonly isEnded: (authorization: Authorization) => boolean
}

/** What must happen because of how tokens were asked for, before the client hears that it gets none. */
export interface Consequences {
  /**
   * Whether this may have been a guess, which counts against the address that it came from: 60 a minute by default.
   * Not for what was checked in an `attempt`, which counts by itself.
   */
  readonly isGuess?: boolean
  /** Something that can be used once was used twice: everything that this authorization gave is revoked. */
  readonly replay?: {
    readonly credential: 'code' | 'device_code' | 'refresh_token'
    readonly authorizationId: string
  }
  /** The hash of an authorization code that must not be tried again. */
  readonly spends?: string
  /** The hash of a device code that was polled before anybody answered. */
  readonly polls?: string
  /** A name and a password that were tried in vain; `checkPassword` has counted it. */
  readonly signIn?: { readonly provider: string; readonly outcome: FailedPasswordAttempt }
}

/** No tokens. */
export interface Refusal extends Consequences {
  readonly kind: 'refused'
  readonly error: OAuthError
}

/**
 * A grant type: from an authenticated client and a form to what was authorized. Yours may be any object of this shape.
 *
 * `decide` answers with `permit(...)` or `refuse(...)`. An `OAuthError` that it throws is the answer; anything else that
 * it throws or gives back is a `server_error`, whose cause is in the log. It runs again only where what it permitted
 * could not be written down because of a race, and never after `permit`.
 */
export interface Grant {
  /** As it stands in `grant_type`: for yours an absolute URI (RFC 6749 section 4.5). Clients must have it on their record. */
  readonly type: GrantType
  decide(request: GrantRequest, context: GrantContext): Promise<Permission | Refusal>
}

/** A grant of ours. */
export interface BuiltInGrant extends Grant {
  decide(request: GrantRequest, context: BuiltInGrantContext): Promise<Permission | Refusal>
}

/**
 * The answer of a grant that gives no tokens: `refuse(new OAuthError('invalid_grant', 'The code is invalid', { detail }))`.
 * The description goes to the caller and must not say what of it was wrong; `detail` goes to the log.
 */
export const refuse = (error: OAuthError, consequences: Consequences = {}): Refusal => ({
  kind: 'refused',
  error,
  ...consequences,
})

/**
 * What follows from a code or a token that is not the client's. Of a public client it may be a guess. A confidential one
 * has shown its secret, and hands on what its visitors bring: were that counted, any of them could have everybody turned
 * away who signs in by way of its address.
 */
export const guessBy = ({ type }: Client): Consequences => ({ isGuess: type === 'public' })
