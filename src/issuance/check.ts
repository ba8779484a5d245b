import { OAuthError } from '../errors.ts'
import { isFirstParty, type Client } from '../model/client.ts'
import { findResource } from '../model/resource.ts'
import { EVERY_SCOPE, formatScope, resolveScopes, scopeRulesFor, type ScopeRules } from '../model/scope.ts'
import type { IssuanceContext } from './context.ts'
import type { MachinePermission, Permission, AuthorizationPermission } from './permission.ts'

type Rules = Pick<IssuanceContext, 'scopes' | 'resources'>

/**
 * Checks that the client may have what a grant permits. Custom grants cannot bypass this.
 *
 * @throws OAuthError `invalid_scope`, `invalid_target`, `invalid_grant` if the user has another provider than the client,
 * `unauthorized_client` if the client cannot have machine tokens
 */
export function checkPermission(rules: Rules, permission: Permission): void {
  if (permission.kind === 'authorization') checkAuthorization(rules, permission)
  if (permission.kind === 'machine') checkMachine(rules, permission)
  if (permission.kind === 'personal') checkScopes(rules.scopes, permission.scopes, [EVERY_SCOPE])
  // Its scopes were already reduced to those that still exist. A resource is not dropped: the token would be for another API.
  if (permission.kind === 'refresh') checkResources(rules, permission.resources)
}

function checkAuthorization(
  rules: Rules,
  { client, user, scopes, resources, tokenResources = [] }: AuthorizationPermission,
): void {
  if (user.provider !== client.provider) {
    const detail = `user ${user.userId} belongs to provider ${user.provider}, client ${client.id} to ${client.provider}`
    throw new OAuthError('invalid_grant', 'The grant is invalid', { detail })
  }
  checkScopes(scopeRulesFor(rules.scopes, client), scopes, client.scopes)
  checkResources(rules, [...resources, ...tokenResources])
}

function checkMachine(rules: Rules, { client, scopes, resources }: MachinePermission): void {
  if (!canHaveMachineTokens(client)) {
    const detail = `client ${client.id} is public or third-party, so it cannot have machine tokens`
    throw new OAuthError('unauthorized_client', 'The client cannot use this grant', { detail })
  }
  checkScopes(rules.scopes, scopes, client.scopes ?? [])
  checkResources(rules, resources)
}

const canHaveMachineTokens = (client: Client): boolean =>
  client.type === 'confidential' && isFirstParty(client)

function checkScopes(rules: ScopeRules, scopes: readonly string[], allowed: readonly string[] | null): void {
  const result = resolveScopes(rules, formatScope(scopes), allowed)
  if ('problem' in result)
    throw new OAuthError('invalid_scope', 'The scope is invalid', { detail: result.problem })
}

/** An unchecked audience would let the caller make tokens for any service that trusts this issuer. */
function checkResources({ resources: known }: Rules, resources: readonly string[]): void {
  if (resources.some((resource) => findResource(known, resource) === undefined))
    throw new OAuthError('invalid_target', 'A requested resource is unknown')
}
