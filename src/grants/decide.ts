import { OAuthError } from '../errors.ts'
import type { Permission } from '../issuance/permission.ts'
import type { BuiltInGrantContext, Grant, GrantRequest, Refusal } from './grant.ts'

/**
 * Lets a grant decide. One that somebody added may have mistakes in it: what it answers is looked at before anything is
 * made of it. Whether the person, the scopes and the resource may be, issuance sees to.
 *
 * @throws OAuthError `server_error` where the answer makes no sense; whatever the grant throws
 */
export async function decide(
  grant: Grant,
  request: GrantRequest,
  context: BuiltInGrantContext,
): Promise<Permission | Refusal> {
  const decision = await grant.decide(request, context)
  const problem = problemOf(decision, grant, request)
  if (problem === undefined) return decision
  const detail = `the grant ${grant.type} ${problem}`
  throw new OAuthError('server_error', 'Something went wrong on our side', { detail })
}

function problemOf(
  decision: Permission | Refusal | undefined,
  { type }: Grant,
  { client }: GrantRequest,
): string | undefined {
  if (decision?.kind === 'refused')
    return decision.error instanceof OAuthError ? undefined : 'refused without an OAuthError'
  if (decision?.kind !== 'authorization' && decision?.kind !== 'machine' && decision?.kind !== 'refresh')
    return 'answered with nothing that permit() or refuse() makes'
  // By identity: a copy could have scopes that are on no record.
  if (decision.client !== client) return 'permitted another client than the one that asked'
  if (decision.kind === 'refresh' && type !== 'refresh_token')
    return 'went on with an authorization, which refreshToken() alone may'
  // Signing keys are kept for as long as the tokens live that the configuration knows of.
  return decision.kind === 'machine' && decision.lifetime !== undefined && type !== 'client_credentials'
    ? 'said how long a token lives, which clientCredentials() alone may'
    : undefined
}
