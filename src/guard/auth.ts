import { validityOf, type AccessTokenClaims } from '../model/claims.ts'
import { extraClaimsOf } from '../model/extra-claims.ts'
import { coversScope, parseScope, type ScopeInheritance } from '../model/scope.ts'
import { userIdOf } from '../model/subject.ts'

/** Claims whose types are not known. */
export type AnyClaims = Readonly<Record<string, unknown>>

/** What every accepted token has. */
interface AuthBase<Scope extends string, Claims extends object> {
  /** The client that the token was issued to. Its ID is `browser-session` for a request with the API cookie. */
  readonly client: { readonly id: string }
  /** `*` means every scope. */
  readonly scopes: readonly (Scope | '*')[]
  /** Returns whether the token covers a scope. */
  can(scope: Scope): boolean
  /** Returns whether the token does not cover a scope. */
  cannot(scope: Scope): boolean
  /** The token's `jti`. */
  readonly tokenId: string
  /** When the token expires (ms). */
  readonly expiresAt: number
  /**
   * What `tokenClaims` of the server added to the token. Each may be missing: tokens from before the option was set, such as
   * personal access tokens, lack them. Frozen.
   */
  readonly claims: Readonly<Partial<Claims>>
}

/** The result of a guard for a user's token. It has the user's ID only: guards do not query a database. */
export interface UserAuth<
  Scope extends string = string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> extends AuthBase<Scope, Claims> {
  readonly kind: 'user'
  readonly user: { readonly id: string; readonly provider: Provider; readonly sub: string }
  /** Undefined for a request with the API cookie, which belongs to a session only. */
  readonly authorizationId: string | undefined
  /** The session that the token is revoked with, or undefined if it does not depend on one. */
  readonly sessionId: string | undefined
}

/** The result of a guard for a machine token, which a client got for itself (client credentials). */
export interface MachineAuth<
  Scope extends string = string,
  Claims extends object = AnyClaims,
> extends AuthBase<Scope, Claims> {
  readonly kind: 'machine'
}

/** The result of a guard for an accepted token. */
export type Auth<
  Scope extends string = string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> = UserAuth<Scope, Provider, Claims> | MachineAuth<Scope, Claims>

/** The result of a guard, whatever the types of its scopes and claims. */
export type AnyAuth = Auth<string, string, object>

export function toAuth(claims: AccessTokenClaims, rules: ScopeInheritance): Auth {
  const scopes = Object.freeze([...parseScope(claims.scope)])
  const can = (scope: string): boolean => coversScope(rules, scopes, scope)
  const base = {
    client: { id: claims.client_id },
    scopes,
    can,
    cannot: (scope: string) => !can(scope),
    tokenId: claims.jti,
    expiresAt: validityOf(claims).expiresAt,
    claims: extraClaimsOf(claims),
  }
  if (claims.subject_type === 'client') return Object.freeze({ kind: 'machine', ...base })
  const provider = claims.provider ?? ''
  return Object.freeze({
    kind: 'user',
    ...base,
    user: Object.freeze({ id: userIdOf(claims.sub, provider), provider, sub: claims.sub }),
    authorizationId: claims.azn,
    sessionId: claims.sid,
  })
}
