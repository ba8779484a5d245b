import { OAuthError } from '../errors.ts'
import type { Permission } from '../issuance/permission.ts'
import { scopeRulesFor } from '../model/scope.ts'
import type { BuiltInGrantContext, Grant, GrantRequest, Refusal } from './grant.ts'

/**
 * Runs a grant and validates its decision, since a custom grant can have bugs. Issuance checks the user, the scopes and
 * the resources.
 *
 * @throws OAuthError `server_error` if the decision is invalid; whatever the grant throws
 */
export async function decide(
  grant: Grant,
  request: GrantRequest,
  context: BuiltInGrantContext,
): Promise<Permission | Refusal> {
  const scopes = scopeRulesFor(context.scopes, request.client)
  // Copying the context of each request would cost more than most grants do with it.
  const own = scopes === context.scopes ? context : { ...context, scopes }
  const decision = await grant.decide(request, own)
  const problem = problemOf(decision, grant, request)
  if (problem === undefined) return decision
  const detail = `the grant ${grant.type} ${problem}`
  throw new OAuthError('server_error', 'An unexpected error occurred', { detail })
}

function problemOf(
  decision: Permission | Refusal | undefined,
  { type }: Grant,
  { client }: GrantRequest,
): string | undefined {
  if (decision?.kind === 'refused')
    return decision.error instanceof OAuthError ? undefined : 'refused without an OAuthError'
  if (decision?.kind !== 'authorization' && decision?.kind !== 'machine' && decision?.kind !== 'refresh')
    return 'returned neither permit() nor refuse()'
  // Compared by identity: a copy could have scopes that the client is not registered for.
  if (decision.client !== client) return 'permitted another client than the authenticated one'
  return decision.kind === 'refresh' && type !== 'refresh_token'
    ? 'returned a refresh, which only refreshToken() may'
    : undefined
}
