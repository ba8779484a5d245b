import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Authorization } from '../model/authorization.ts'
import { canUseGrant } from '../model/client.ts'
import type { Session } from '../model/session.ts'
import { emitStarted } from '../sessions/emit-started.ts'
import { createAccessToken } from './access-token.ts'
import { policyFor, refreshExpiry, type IssuanceContext, type TokenPolicy } from './context.ts'
import type { AuthorizationPermission } from './permission.ts'
import { emitIssued, signInFields, type TokenRequest, type TokenResponse } from './response.ts'

/**
 * Creates an authorization. One transaction inserts its row, inserts the session that starts with it and redeems its code.
 * Returns undefined if another request won a race.
 */
export async function createAuthorization(
  context: IssuanceContext,
  permission: AuthorizationPermission,
  request: TokenRequest,
): Promise<TokenResponse | undefined> {
  const { authorizationId, scopes, client, user } = permission
  const policy = policyFor(context, client, request.grantType)
  const session = await draftSession(context, permission)
  const sessionId = session?.id ?? permission.sessionId
  const owner = { clientId: client.id, sub: context.subjectOf(user), authorizationId }
  const access = createAccessToken(context, {
    ...permission,
    ...owner,
    resources: permission.tokenResources ?? permission.resources,
    lifetime: policy.accessTokenLifetime,
    user: { provider: user.provider, authorizationId, sessionId },
  })
  const seed = canBeRefreshed(policy, permission) ? randomBase64url(16) : undefined
  const authorization = newAuthorization(context, permission, policy, {
    seed,
    sessionId,
    expiresAt: access.expiresAt,
  })
  if (!(await write(context, permission, authorization, session))) return undefined
  const response = emitIssued(context, request, access, {
    ...owner,
    scopes,
    refreshGeneration: seed === undefined ? null : 0,
  })
  emitCreated(context, request, authorization, session)
  if (session) await startSession(context, permission, session, request)
  if (seed === undefined) return response
  return {
    ...response,
    refresh_token: context.refreshTokens.format({ authorizationId, generation: 0, seed }),
    ...signInFields(authorization, authorization.createdAt),
  }
}

const canBeRefreshed = (
  { refresh }: TokenPolicy,
  { client, hasRefreshToken = true }: AuthorizationPermission,
): boolean => refresh !== undefined && hasRefreshToken && canUseGrant(client, 'refresh_token')

const draftSession = async (
  context: IssuanceContext,
  { device, client, user, epochs }: AuthorizationPermission,
): Promise<Session | undefined> =>
  device && client.endsWithSession ? context.draftSession({ user, epochs, ...device }) : undefined

function write(
  { store: { codes, deviceCodes, authorizations }, subjectOf }: IssuanceContext,
  { redeems, user }: AuthorizationPermission,
  authorization: Authorization,
  session: Session | undefined,
): Promise<boolean> {
  const sub = subjectOf(user)
  if (redeems === undefined) return authorizations.insert(authorization, sub, session)
  const now = authorization.createdAt
  if (redeems.kind === 'code') return codes.exchange(redeems.hash, authorization, sub, now)
  return deviceCodes.exchange(redeems.hash, authorization, sub, now, session)
}

/** A device that was allowed in a browser is always a new one. Other devices are known by their device token, if at all. */
async function startSession(
  { events, sessionLimit, subjectOf }: IssuanceContext,
  { redeems, user }: AuthorizationPermission,
  { id: sessionId, deviceName, address }: Session,
  { requestId }: TokenRequest,
): Promise<void> {
  if (redeems?.kind === 'device_code')
    events.emit('device.new', { requestId, sessionId, sub: subjectOf(user), deviceName, address })
  await sessionLimit.enforce(user, requestId)
}

function emitCreated(
  { events, subjectOf }: IssuanceContext,
  { requestId }: TokenRequest,
  authorization: Authorization,
  session: Session | undefined,
): void {
  const { id: authorizationId, clientId, sessionId } = authorization
  const sub = subjectOf(authorization)
  if (session) emitStarted(events, session, { requestId, sub, address: session.address })
  events.emit('authorization.created', { requestId, authorizationId, clientId, sub, sessionId })
}

interface AuthorizationDetails {
  readonly seed: string | undefined
  readonly sessionId: string | null
  /** When the first access token expires (ms). */
  readonly expiresAt: number
}

function newAuthorization(
  { clock }: IssuanceContext,
  { authorizationId, client, user, scopes, resources, epochs }: AuthorizationPermission,
  { refresh }: TokenPolicy,
  { seed, sessionId, expiresAt: accessExpiresAt }: AuthorizationDetails,
): Authorization {
  const now = clock.now()
  return {
    id: authorizationId,
    clientId: client.id,
    ...user,
    sessionId,
    scopes,
    resources,
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
