import type { AccessTokenClaims } from '../model/claims.ts'
import { coversScope, parseScope } from '../model/scope.ts'
import { userIdOf } from '../model/subject.ts'

/** What every accepted token tells. */
interface AuthBase<Scope extends string> {
  /** The client that the token was given to. */
  readonly client: { readonly id: string }
  /** `*` stands for every scope. */
  readonly scopes: readonly (Scope | '*')[]
  /** Whether the token covers a scope. */
  can(scope: Scope): boolean
  /** The token's `jti`. */
  readonly tokenId: string
  /** When it expires (ms). */
  readonly expiresAt: number
}

/** A person's token. Loading more about the person is the application's: the guard asks no database. */
export interface UserAuth<
  Scope extends string = string,
  Provider extends string = string,
> extends AuthBase<Scope> {
  readonly kind: 'user'
  readonly user: { readonly id: string; readonly provider: Provider; readonly sub: string }
  readonly authorizationId: string
  /** The session that it ends with, if it does. */
  readonly sessionId: string | undefined
}

/** A token that a client got for itself. */
export interface MachineAuth<Scope extends string = string> extends AuthBase<Scope> {
  readonly kind: 'machine'
}

/** What a guard answers where the token is good. */
export type Auth<Scope extends string = string, Provider extends string = string> =
  | UserAuth<Scope, Provider>
  | MachineAuth<Scope>

/** The answer for verified claims. */
export function toAuth(claims: AccessTokenClaims): Auth {
  const scopes = Object.freeze([...parseScope(claims.scope)])
  const accepted = {
    client: { id: claims.client_id },
    scopes,
    can: (scope: string) => coversScope(scopes, scope),
    tokenId: claims.jti,
    expiresAt: claims.exp * 1000,
  }
  if (claims.subject_type === 'client') return Object.freeze({ kind: 'machine', ...accepted })
  const provider = claims.provider ?? ''
  return Object.freeze({
    kind: 'user',
    ...accepted,
    user: Object.freeze({ id: userIdOf(claims.sub, provider), provider, sub: claims.sub }),
    authorizationId: claims.azn ?? '',
    sessionId: claims.sid,
  })
}
