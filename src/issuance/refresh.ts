import type { EventMap } from '../event-map.ts'
import type { Emission } from '../events.ts'
import { rememberRotation } from '../model/authorization.ts'
import type { RefreshUpdate } from '../store/contract.ts'
import { createAccessToken } from './access-token.ts'
import { policyFor, refreshExpiry, type IssuanceContext, type RefreshPolicy } from './context.ts'
import type { RefreshPermission } from './permission.ts'
import {
  signInFields,
  tokenIssued,
  tokenResponse,
  type TokenRequest,
  type TokenResponse,
} from './response.ts'

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
  const { claims, fieldsFor } = await context.customize({
    client,
    user: authorization,
    authorizationId,
    scopes,
    resources,
    grantType: request.grantType,
  })
  const access = createAccessToken(context, {
    ...authorization,
    ...owner,
    scopes,
    resources,
    claims,
    lifetime: policy.accessTokenLifetime,
    user: { provider, authorizationId, sessionId },
  })
  if (!policy.refresh) return undefined
  const fields = await fieldsFor(access.jti)
  const update = toUpdate(permission, policy.refresh, context, access.expiresAt)
  const isRefreshed = await context.events.commit(
    () => context.store.authorizations.refresh(update, owner.sub),
    (isWritten) =>
      isWritten
        ? [
            tokenIssued(request, access, { ...owner, scopes, refreshGeneration: generation }),
            ...refreshed(permission, { ...owner, requestId: request.requestId }),
          ]
        : [],
  )
  if (!isRefreshed) return undefined
  return {
    ...fields,
    ...tokenResponse(access, scopes),
    refresh_token: context.refreshTokens.format({ authorizationId, generation, seed }),
    ...signInFields({ ...authorization, expiresAt: update.expiresAt }, update.lastUsedAt),
  }
}

function refreshed(
  { authorization: { generation: from }, presented, generation }: RefreshPermission,
  owner: Pick<EventMap['token.refreshed'], 'requestId' | 'authorizationId' | 'clientId' | 'sub'>,
): readonly Emission[] {
  const { requestId, authorizationId } = owner
  const ahead: Emission = ['refresh.ahead', { requestId, authorizationId, from, to: generation }]
  return [
    ...(presented > from ? [ahead] : []),
    ['token.refreshed', { ...owner, generation, isRepeated: presented < from }],
  ]
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
