import { OAuthError } from '../errors.ts'
import { isFirstParty, type Client } from '../model/client.ts'
import { EVERY_SCOPE, formatScope, resolveScopes } from '../model/scope.ts'
import type { IssuanceContext } from './context.ts'
import type { ClientPermission, Permission, StartPermission } from './permission.ts'

/** What permissions are held to. */
export type Rules = Pick<IssuanceContext, 'scopes' | 'resources'>

/**
 * Holds a permission to what its client may have, whoever gave it: a grant that somebody adds cannot forget any of it.
 *
 * @throws OAuthError `invalid_scope`, `invalid_target`, `invalid_grant` for a person of another provider than the
 * client's, `unauthorized_client` for a client that may not act for itself
 */
export function checkPermission(rules: Rules, permission: Permission): void {
  if (permission.kind === 'start') checkStart(rules, permission)
  if (permission.kind === 'client') checkClient(rules, permission)
  if (permission.kind === 'personal') checkScopes(rules, permission.scopes, [EVERY_SCOPE])
  // Its scopes were cut down to what there is today. A resource cannot be: without it the token would be for another API.
  if (permission.kind === 'continue') checkResource(rules, permission.authorization.resource)
}

function checkStart(rules: Rules, { client, user, scopes, resource }: StartPermission): void {
  if (user.provider !== client.provider) {
    const detail = `user ${user.userId} is one of ${user.provider}, client ${client.id} for ${client.provider}`
    throw new OAuthError('invalid_grant', 'The grant is invalid', { detail })
  }
  checkScopes(rules, scopes, client.scopes)
  checkResource(rules, resource)
}

function checkClient(rules: Rules, { client, scopes, resource }: ClientPermission): void {
  if (!canActForItself(client)) {
    const detail = `client ${client.id} is public or an app of somebody else: it gets no tokens of its own`
    throw new OAuthError('unauthorized_client', 'The client cannot use this grant', { detail })
  }
  checkScopes(rules, scopes, client.scopes ?? [])
  checkResource(rules, resource)
}

const canActForItself = (client: Client): boolean => client.type === 'confidential' && isFirstParty(client)

function checkScopes(
  { scopes: rules }: Rules,
  scopes: readonly string[],
  allowed: readonly string[] | null,
): void {
  const answer = resolveScopes(rules, formatScope(scopes), allowed)
  if ('problem' in answer)
    throw new OAuthError('invalid_scope', 'The scope is invalid', { detail: answer.problem })
}

/** An audience that somebody else chose would let them make tokens for any service that trusts this issuer. */
function checkResource({ resources }: Rules, resource: string | null): void {
  if (resource !== null && !resources.includes(resource))
    throw new OAuthError('invalid_target', 'The requested resource is unknown')
}
