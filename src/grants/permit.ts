import { OAuthError } from '../errors.ts'
import type { SignInDevice, AuthorizationPermission } from '../issuance/permission.ts'
import { randomId } from '../lib/hash.ts'
import type { Client } from '../model/client.ts'
import { OPENID_SCOPE, parseScope, resolveScopes, type ScopeRules } from '../model/scope.ts'
import type { LoadedUser } from '../users/directory.ts'

/** What a user allows a client at this moment. */
export interface Allowance {
  /** The client of the request. */
  readonly client: Client
  /** As `userDirectory.load` gave them, before anything of theirs was checked: of the client's provider. */
  readonly user: LoadedUser
  /** As `chooseScopes` gave them: defined ones that the client may have. */
  readonly scopes: readonly string[]
  /** From `chooseResources`. Default: the server's audience. */
  readonly resources?: readonly string[]
  /** Where the user signs in by this, if they do: it is then listed among their devices, and can be signed out. */
  readonly device?: SignInDevice
  /** What the client hears where user or client were ended meanwhile; default: `invalid_grant`. */
  readonly ifRevoked?: OAuthError
}

/**
 * The permission to begin an authorization for a user who has just proved who they are. Issuance holds it to what the
 * client may have: a user of another provider is `invalid_grant`, a scope that it may not have `invalid_scope`. A client
 * with `refresh_token` on its record gets a refresh token too, where that grant is on.
 */
export const permit = ({
  client,
  user,
  scopes,
  resources = [],
  device,
  ifRevoked = ended(user),
}: Allowance): AuthorizationPermission => ({
  kind: 'authorization',
  client,
  user: user.ref,
  authorizationId: randomId(),
  sessionId: null,
  scopes,
  resources,
  epochs: user.epochs,
  ifRevoked,
  ...(device && { device }),
})

const ended = ({ user }: LoadedUser): OAuthError =>
  new OAuthError('invalid_grant', 'The grant is invalid', {
    detail: `user ${user.id} was signed out everywhere meanwhile, or the client revoked`,
  })

/**
 * Returns the scopes of a request (RFC 6749 section 3.3), or the defaults if it names none. `allowed` lists what the
 * client may have; null for every defined scope.
 *
 * @throws OAuthError `invalid_scope`
 */
export function chooseScopes(
  rules: ScopeRules,
  requested: string | undefined,
  allowed: readonly string[] | null,
): readonly string[] {
  const result = resolveScopes(rules, requested, allowed)
  if ('scopes' in result) return result.scopes
  const description = parseScope(requested).includes(OPENID_SCOPE) ? NO_OPENID : 'The scope is invalid'
  throw new OAuthError('invalid_scope', description, { detail: result.problem })
}

const NO_OPENID = 'OpenID Connect is not supported: request the scopes you need without openid'
