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
import type { RevocationStore, Store } from '../store/contract.ts'
import type { Throttle } from '../throttle/throttle.ts'
import type { FailedTry } from '../users/check-password.ts'
import type { People } from '../users/people.ts'

/** A token request whose client is authenticated and may use the grant. */
export interface GrantRequest {
  readonly client: Client
  readonly form: Form
  /** Where the request came from. */
  readonly address: string
  /** What it was sent with; empty where it does not say. */
  readonly userAgent: string
}

/** What a grant may look at. It writes nothing: what it decides is carried out by issuance. */
export interface GrantContext {
  readonly store: { readonly [Name in 'codes' | 'deviceCodes' | 'authorizations']: Pick<Store[Name], 'find'> }
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly clock: Clock
  readonly scopes: ScopeRules
  readonly refresh: RefreshPolicy | undefined
  /** The resources that tokens may be asked for (RFC 8707). */
  readonly resources: readonly string[]
  /** Everybody who can sign in. */
  readonly people: People
  /** Whether too many have failed from an address or at an account. */
  readonly throttle: Throttle
  readonly subjectOf: (user: UserRef) => string
  /** The present epochs of a person, by `sub`, and a client. */
  readonly epochs: RevocationStore['epochs']
  /** Whether an authorization was ended by a revocation that its row does not show. */
  readonly isEnded: (authorization: Authorization) => boolean
}

/** No tokens; and what must happen because of how they were asked for. */
export interface Refusal {
  readonly kind: 'refused'
  readonly error: OAuthError
  /** A code or a refresh token was replayed: everything that this authorization gave is to be revoked. */
  readonly replay?: {
    readonly of: 'code' | 'device_code' | 'refresh_token'
    readonly authorizationId: string
  }
  /** The hash of an authorization code that must not be tried again. */
  readonly spends?: string
  /** The hash of a device code that was polled before anybody answered. */
  readonly polls?: string
  /** Whether this may have been a guess, which counts against the address it came from. */
  readonly isGuess?: boolean
  /** A name and a password that were tried in vain; `checkPassword` has counted it. */
  readonly signIn?: { readonly provider: string; readonly outcome: FailedTry }
}

/** A grant type: from an authenticated client and a form to what was authorized. */
export interface Grant {
  /** As it stands in `grant_type`. */
  readonly type: GrantType
  decide(request: GrantRequest, context: GrantContext): Promise<Permission | Refusal>
}

/** A refusal with nothing to follow. */
export const refuse = (error: OAuthError, consequences: Omit<Refusal, 'kind' | 'error'> = {}): Refusal => ({
  kind: 'refused',
  error,
  ...consequences,
})
