import { makeAccessToken } from './access-token.ts'
import type { IssuanceContext } from './context.ts'
import type { ClientPermission } from './permission.ts'
import { announce, type TokenRequest, type TokenResponse } from './response.ts'

/** A client's token for itself: signed, announced, written down nowhere. */
export function issueToClient(
  context: IssuanceContext,
  { client, scopes, resources, lifetime = context.accessTokenLifetime }: ClientPermission,
  request: TokenRequest,
): TokenResponse {
  const owner = { clientId: client.id, sub: client.id, authorizationId: null }
  const epochs = { issuer: context.issuerEpoch(), client: client.epoch, user: 0 }
  const access = makeAccessToken(context, { ...owner, scopes, resources, epochs, lifetime })
  return announce(context, request, access, scopes, owner)
}
