import { randomText, sha256 } from '../lib/hash.ts'
import type { Authorization } from '../model/authorization.ts'
import { canUseGrant } from '../model/client.ts'
import { makeAccessToken } from './access-token.ts'
import type { IssuanceContext } from './context.ts'
import { refreshExpiry } from './expiry.ts'
import type { StartPermission } from './permission.ts'
import { announce, type TokenRequest, type TokenResponse } from './response.ts'

/** Begins an authorization: its row and the spending of its code are one transaction. Undefined where that was lost. */
export async function start(
  context: IssuanceContext,
  permission: StartPermission,
  request: TokenRequest,
): Promise<TokenResponse | undefined> {
  const { authorizationId, sessionId, scopes, client } = permission
  const owner = { clientId: client.id, sub: context.subjectOf(permission.user), authorizationId }
  const access = makeAccessToken(context, {
    ...permission,
    ...owner,
    lifetime: context.accessTokenLifetime,
    person: { provider: permission.user.provider, authorizationId, sessionId },
  })
  const seed = context.refresh && canUseGrant(client, 'refresh_token') ? randomText(16) : undefined
  const authorization = newAuthorization(context, permission, seed, access.expiresAt)
  const { codes } = context.store
  if (!(await codes.exchange(permission.spends, authorization, owner.sub, authorization.createdAt)))
    return undefined
  const response = announce(context, request, access, scopes, owner)
  context.events.emit('authorization.created', {
    requestId: request.requestId,
    sessionId,
    ...owner,
    authorizationId,
  })
  if (seed === undefined) return response
  return {
    ...response,
    refresh_token: context.refreshTokens.format({ authorizationId, generation: 0, seed }),
  }
}

function newAuthorization(
  { clock, refresh }: IssuanceContext,
  { authorizationId, client, user, sessionId, scopes, resource, epochs }: StartPermission,
  seed: string | undefined,
  accessExpiresAt: number,
): Authorization {
  const now = clock.now()
  return {
    id: authorizationId,
    clientId: client.id,
    ...user,
    sessionId,
    scopes,
    resource,
    name: null,
    seedHash: seed === undefined ? null : sha256(seed),
    generation: 0,
    rotations: [],
    epochs,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: refresh && seed !== undefined ? refreshExpiry(refresh, now, now) : accessExpiresAt,
    accessExpiresAt,
    revokedAt: null,
  }
}
