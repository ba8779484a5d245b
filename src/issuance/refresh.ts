import type { EventMap } from '../event-map.ts'
import { rememberRotation } from '../model/authorization.ts'
import type { RefreshUpdate } from '../store/contract.ts'
import { createAccessToken } from './access-token.ts'
import { policyFor, refreshExpiry, type IssuanceContext, type RefreshPolicy } from './context.ts'
import type { RefreshPermission } from './permission.ts'
import { emitIssued, signInFields, type TokenRequest, type TokenResponse } from './response.ts'

/** Refreshes an authorization with one conditional update. Returns undefined if a concurrent refresh won. */
export async function refreshAuthorization(
  context: IssuanceContext,
  permission: RefreshPermission,
  request: TokenRequest,
): Promise<TokenResponse | undefined> {
  const { client, authorization, generation, scopes, resources, seed } = permission
  const { id: authorizationId, clientId, provider, sessionId } = authorization
  const owner = { clientId, sub: context.subjectOf(authorization), authorizationId }
  const policy = policyFor(context, client, request.grantType)
  const access = createAccessToken(context, {
    ...authorization,
    ...owner,
    scopes,
    resources,
    lifetime: policy.accessTokenLifetime,
    user: { provider, authorizationId, sessionId },
  })
  if (!policy.refresh) return undefined
  const update = toUpdate(permission, policy.refresh, context, access.expiresAt)
  if (!(await context.store.authorizations.refresh(update, owner.sub))) return undefined
  const response = emitIssued(context, request, access, { ...owner, scopes, refreshGeneration: generation })
  emitRefreshed(context, permission, { ...owner, requestId: request.requestId })
  return {
    ...response,
    refresh_token: context.refreshTokens.format({ authorizationId, generation, seed }),
    ...signInFields({ ...authorization, expiresAt: update.expiresAt }, update.lastUsedAt),
  }
}

function emitRefreshed(
  { events }: IssuanceContext,
  { authorization: { generation: from }, presented, generation }: RefreshPermission,
  owner: Pick<EventMap['token.refreshed'], 'requestId' | 'authorizationId' | 'clientId' | 'sub'>,
): void {
  const { requestId, authorizationId } = owner
  if (presented > from) events.emit('refresh.ahead', { requestId, authorizationId, from, to: generation })
  events.emit('token.refreshed', { ...owner, generation, isRepeated: presented < from })
}

function toUpdate(
  { authorization, presented, generation }: RefreshPermission,
  policy: RefreshPolicy,
  { clock, nodeId }: IssuanceContext,
  accessExpiresAt: number,
): RefreshUpdate {
  const now = clock.now()
  const { graceWindow } = policy
  const rotation = { generation: presented, graceEndsAt: graceWindow === 0 ? 0 : now + graceWindow, nodeId }
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
