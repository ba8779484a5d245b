import { endOfTurn } from '../lib/turn.ts'
import { checkPermission } from './check.ts'
import { policyFor, type IssuanceContext } from './context.ts'
import type { Permission, MachinePermission } from './permission.ts'
import { issuePersonalToken } from './personal.ts'
import { refreshAuthorization } from './refresh.ts'
import { type TokenRequest, type TokenResponse, tokenIssued, tokenResponse } from './response.ts'
import { createAuthorization } from './create.ts'
import { createAccessToken } from './access-token.ts'

/** The only part that creates tokens, stores authorizations and emits their events. */
export interface Issuance {
  /**
   * Issues the tokens of a permission. Returns undefined if another request won the race; read the state again and decide
   * again. Throws `OAuthError` if the client may not have them, see `checkPermission`.
   */
  issue(permission: Permission, request: TokenRequest): Promise<TokenResponse | undefined>
}

export function createIssuance(context: IssuanceContext): Issuance {
  return {
    async issue(permission, request) {
      checkPermission(context, permission)
      if (permission.kind === 'machine') return issueMachineToken(context, permission, request)
      if (permission.kind === 'personal') return issuePersonalToken(context, permission, request)
      if (permission.kind === 'authorization') return createAuthorization(context, permission, request)
      return refreshAuthorization(context, permission, request)
    },
  }
}

/** Machine tokens are not stored. Those of requests that arrived together are signed one after another. */
async function issueMachineToken(
  context: IssuanceContext,
  { client, scopes, resources }: MachinePermission,
  request: TokenRequest,
): Promise<TokenResponse> {
  const { grantType } = request
  // Before the configuration is asked: what is revoked meanwhile must not have the new epoch.
  const epochs = { issuer: context.issuerEpoch(), client: client.epoch, user: 0 }
  await endOfTurn()
  const owner = { clientId: client.id, sub: client.id, authorizationId: null }
  const { claims, fieldsFor } = await context.customize({
    client,
    user: undefined,
    authorizationId: undefined,
    scopes,
    resources,
    grantType,
  })
  const access = createAccessToken(context, {
    ...owner,
    scopes,
    resources,
    claims,
    epochs,
    lifetime: policyFor(context, client, grantType).accessTokenLifetime,
  })
  const fields = await fieldsFor(access.jti)
  context.events.emit(...tokenIssued(request, access, { ...owner, scopes, refreshGeneration: null }))
  return { ...fields, ...tokenResponse(access, scopes) }
}
