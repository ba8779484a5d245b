import { OAuthError } from '../errors.ts'
import type { SignInDevice, AuthorizationPermission } from '../issuance/permission.ts'
import { randomId } from '../lib/hash.ts'
import type { Client } from '../model/client.ts'
import { OPENID_SCOPE, parseScope, resolveScopes, type ScopeRules } from '../model/scope.ts'
import type { LoadedUser } from '../users/directory.ts'

/** What `permit` authorizes. */
export interface PermitOptions {
  /** The client of the request. */
  readonly client: Client
  /** From `userDirectory.load`, called before the user's proof was checked. Of the client's provider. */
  readonly user: LoadedUser
  /** From `chooseScopes`. */
  readonly scopes: readonly string[]
  /** From `chooseResources`. Default: the server's audience. */
  readonly resources?: readonly string[]
  /** The user's device, if this signs them in. It is then listed among their sessions and can be signed out. */
  readonly device?: SignInDevice
  /** The error if the user or the client is revoked in the meantime. Default: `invalid_grant`. */
  readonly ifRevoked?: OAuthError
}

/**
 * Permits a new authorization for a user who has just proved their identity. Issuance checks it: a user of another
 * provider is `invalid_grant`, a scope that the client may not have is `invalid_scope`. The client also gets a refresh
 * token if it is registered for `refresh_token` and that grant is configured.
 */
export const permit = ({
  client,
  user,
  scopes,
  resources = [],
  device,
  ifRevoked = revoked(user),
}: PermitOptions): AuthorizationPermission => ({
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

const revoked = ({ user }: LoadedUser): OAuthError =>
  new OAuthError('invalid_grant', 'The grant is invalid', {
    detail: `user ${user.id} was signed out everywhere or the client was revoked in the meantime`,
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
