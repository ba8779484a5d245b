import type { Emission } from '../events.ts'
import type { Authorization } from '../model/authorization.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import { createAccessToken } from './access-token.ts'
import type { IssuanceContext } from './context.ts'
import type { PersonalPermission } from './permission.ts'
import { tokenIssued, tokenResponse, type TokenRequest, type TokenResponse } from './response.ts'

/**
 * Issues a personal access token: an authorization with a name, without a client and a refresh token. Returns undefined if
 * the user was signed out everywhere meanwhile, or the authorization exists already.
 */
export async function issuePersonalToken(
  context: IssuanceContext,
  permission: PersonalPermission,
  request: TokenRequest,
): Promise<TokenResponse | undefined> {
  const { user, authorizationId, scopes, epochs, lifetime } = permission
  const owner = { clientId: PERSONAL_ACCESS, sub: context.subjectOf(user), authorizationId }
  const { claims } = await context.customize({
    ...permission,
    client: { id: PERSONAL_ACCESS },
    resources: [],
    grantType: request.grantType,
  })
  const access = createAccessToken(context, {
    ...owner,
    scopes,
    claims,
    resources: [],
    epochs,
    lifetime,
    user: { provider: user.provider, authorizationId, sessionId: null },
    label: 'pat',
  })
  const authorization = newAuthorization(permission, context.clock.now(), access.expiresAt)
  const isInserted = await context.events.commit(
    () => context.store.authorizations.insert(authorization, owner.sub),
    (isWritten) =>
      isWritten
        ? [
            tokenIssued(request, access, { ...owner, scopes, refreshGeneration: null }),
            ...created(permission, authorization, { ...request, sub: owner.sub }),
          ]
        : [],
  )
  return isInserted ? tokenResponse(access, scopes) : undefined
}

const created = (
  { by = 'app' }: PersonalPermission,
  { id: authorizationId, clientId, name, scopes, expiresAt }: Authorization,
  { requestId, sub }: TokenRequest & { readonly sub: string },
): readonly Emission[] => [
  ['authorization.created', { requestId, clientId, sub, authorizationId, sessionId: null }],
  ['personal-token.created', { requestId, authorizationId, sub, by, name: name ?? '', scopes, expiresAt }],
]

const newAuthorization = (
  { user, authorizationId, name, scopes, epochs }: PersonalPermission,
  now: number,
  expiresAt: number,
): Authorization => ({
  id: authorizationId,
  clientId: PERSONAL_ACCESS,
  ...user,
  sessionId: null,
  scopes,
  resources: [],
  name,
  seedHash: null,
  generation: 0,
  rotations: [],
  epochs,
  createdAt: now,
  lastUsedAt: now,
  expiresAt,
  accessExpiresAt: expiresAt,
  revokedAt: null,
})
