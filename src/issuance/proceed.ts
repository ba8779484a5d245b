import { rememberRotation } from '../model/authorization.ts'
import type { RefreshUpdate } from '../store/contract.ts'
import { makeAccessToken } from './access-token.ts'
import type { IssuanceContext, RefreshPolicy } from './context.ts'
import { refreshExpiry } from './expiry.ts'
import type { ContinuePermission } from './permission.ts'
import { announce, type TokenRequest, type TokenResponse } from './response.ts'

/** Goes on with an authorization: its row moves by one conditional update. Undefined where another one moved it first. */
export async function proceed(
  context: IssuanceContext,
  permission: ContinuePermission,
  request: TokenRequest,
): Promise<TokenResponse | undefined> {
  const { authorization, presented, generation, scopes, resources, seed } = permission
  const { id: authorizationId, clientId, provider, sessionId } = authorization
  const owner = { clientId, sub: context.subjectOf(authorization), authorizationId }
  const access = makeAccessToken(context, {
    ...authorization,
    ...owner,
    scopes,
    resources,
    lifetime: context.accessTokenLifetime,
    person: { provider, authorizationId, sessionId },
  })
  if (!context.refresh) return undefined
  const advance = advanceOf(permission, context.refresh, context.clock.now(), access.expiresAt)
  if (!(await context.store.authorizations.refresh(advance, owner.sub))) return undefined
  if (presented > authorization.generation) {
    const { requestId } = request
    context.events.emit('refresh.ahead', {
      requestId,
      authorizationId,
      from: authorization.generation,
      to: generation,
    })
  }
  const refreshToken = context.refreshTokens.format({ authorizationId, generation, seed })
  return { ...announce(context, request, access, scopes, owner), refresh_token: refreshToken }
}

function advanceOf(
  { client, authorization, presented, generation }: ContinuePermission,
  policy: RefreshPolicy,
  now: number,
  accessExpiresAt: number,
): RefreshUpdate {
  const rotation = { generation: presented, graceEndsAt: now + (client.graceWindow ?? policy.graceWindow) }
  return {
    id: authorization.id,
    from: authorization.generation,
    to: generation,
    rotations:
      generation > authorization.generation
        ? rememberRotation(authorization, rotation)
        : authorization.rotations,
    lastUsedAt: now,
    expiresAt: refreshExpiry(policy, authorization.createdAt, now),
    accessExpiresAt,
  }
}
