import { OAuthError } from '../errors.ts'
import { isFirstParty, type Client } from '../model/client.ts'
import { findResource } from '../model/resource.ts'
import { EVERY_SCOPE, formatScope, resolveScopes } from '../model/scope.ts'
import type { IssuanceContext } from './context.ts'
import type { MachinePermission, Permission, AuthorizationPermission } from './permission.ts'

/** What permissions are held to. */
export type Rules = Pick<IssuanceContext, 'scopes' | 'resources'>

/**
 * Holds a permission to what its client may have, whoever gave it: a grant that somebody adds cannot forget any of it.
 *
 * @throws OAuthError `invalid_scope`, `invalid_target`, `invalid_grant` for a user of another provider than the
 * client's, `unauthorized_client` for a client that may not act for itself
 */
export function checkPermission(rules: Rules, permission: Permission): void {
  if (permission.kind === 'authorization') checkStart(rules, permission)
  if (permission.kind === 'machine') checkClient(rules, permission)
  if (permission.kind === 'personal') checkScopes(rules, permission.scopes, [EVERY_SCOPE])
  // Its scopes were already reduced to those that still exist. A resource is not dropped: the token would be for another API.
  if (permission.kind === 'refresh') checkResources(rules, permission.resources)
}

function checkStart(rules: Rules, { client, user, scopes, resources }: AuthorizationPermission): void {
  if (user.provider !== client.provider) {
    const detail = `user ${user.userId} is one of ${user.provider}, client ${client.id} for ${client.provider}`
    throw new OAuthError('invalid_grant', 'The grant is invalid', { detail })
  }
  checkScopes(rules, scopes, client.scopes)
  checkResources(rules, resources)
}

function checkClient(rules: Rules, { client, scopes, resources }: MachinePermission): void {
  if (!canActForItself(client)) {
    const detail = `client ${client.id} is public or an app of somebody else: it gets no tokens of its own`
    throw new OAuthError('unauthorized_client', 'The client cannot use this grant', { detail })
  }
  checkScopes(rules, scopes, client.scopes ?? [])
  checkResources(rules, resources)
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

/** An unchecked audience would let the caller make tokens for any service that trusts this issuer. */
function checkResources({ resources: known }: Rules, resources: readonly string[]): void {
  if (resources.some((resource) => findResource(known, resource) === undefined))
    throw new OAuthError('invalid_target', 'A requested resource is unknown')
}
