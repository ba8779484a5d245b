import { checkPermission } from './check.ts'
import type { IssuanceContext } from './context.ts'
import type { Permission, MachinePermission } from './permission.ts'
import { issuePersonalToken } from './personal.ts'
import { refreshAuthorization } from './refresh.ts'
import { type TokenRequest, type TokenResponse, emitIssued } from './response.ts'
import { createAuthorization } from './create.ts'
import { createAccessToken } from './access-token.ts'

/** The only place where tokens are made, written down and spoken of. */
export interface Issuance {
  /**
   * Makes the tokens of a permission. Undefined where a race was lost: what the permission rests on must be read again.
   * Throws `OAuthError` where nobody may permit this: see `checkPermission`.
   */
  issue(permission: Permission, request: TokenRequest): Promise<TokenResponse | undefined>
}

/** Makes the issuance of one server. */
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

/** A client's token for itself: signed, announced, written down nowhere. */
export function issueMachineToken(
  context: IssuanceContext,
  { client, scopes, resources, lifetime = context.accessTokenLifetime }: MachinePermission,
  request: TokenRequest,
): TokenResponse {
  const owner = { clientId: client.id, sub: client.id, authorizationId: null }
  const epochs = { issuer: context.issuerEpoch(), client: client.epoch, user: 0 }
  const access = createAccessToken(context, { ...owner, scopes, resources, epochs, lifetime })
  return emitIssued(context, request, access, scopes, owner)
}
