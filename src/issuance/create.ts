import type { Emission } from '../events.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Authorization } from '../model/authorization.ts'
import { canUseGrant } from '../model/client.ts'
import type { Session } from '../model/session.ts'
import { sessionStarted } from '../sessions/session-started.ts'
import { createAccessToken } from './access-token.ts'
import { policyFor, refreshExpiry, type IssuanceContext, type TokenPolicy } from './context.ts'
import type { AuthorizationPermission } from './permission.ts'
import { repeatWrite } from './repeat-write.ts'
import {
  signInFields,
  tokenIssued,
  tokenResponse,
  type TokenRequest,
  type TokenResponse,
} from './response.ts'

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
  const resources = permission.tokenResources ?? permission.resources
  const { grantType } = request
  const { claims, fieldsFor } = await context.customize({ ...permission, resources, grantType })
  const owner = { clientId: client.id, sub: context.subjectOf(user), authorizationId }
  const access = createAccessToken(context, {
    ...permission,
    ...owner,
    resources,
    claims,
    lifetime: policy.accessTokenLifetime,
    user: { provider: user.provider, authorizationId, sessionId },
  })
  const fields = await fieldsFor(access.jti)
  const seed = canBeRefreshed(policy, permission) ? randomBase64url(16) : undefined
  const authorization = newAuthorization(context, permission, policy, {
    seed,
    sessionId,
    expiresAt: access.expiresAt,
  })
  const token = { ...owner, scopes, refreshGeneration: seed === undefined ? null : 0 }
  const isWritten = await context.events.commit(
    () => write(context, permission, authorization, session),
    (isDone) =>
      isDone
        ? [
            tokenIssued(request, access, token),
            ...created(context, permission, request, { authorization, session }),
          ]
        : [],
  )
  if (!isWritten) return undefined
  if (session) await context.sessionLimit.enforce(user, request.requestId)
  const response = { ...fields, ...tokenResponse(access, scopes) }
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

/** A client without a refresh token must start over if an answer of the database was lost: no row is surely its own. */
async function write(
  context: IssuanceContext,
  permission: AuthorizationPermission,
  authorization: Authorization,
  session: Session | undefined,
): Promise<boolean> {
  const { id, seedHash } = authorization
  return repeatWrite(
    () => writeOnce(context, permission, authorization, session),
    async () => seedHash !== null && (await context.store.authorizations.find(id))?.seedHash === seedHash,
  )
}

function writeOnce(
  { store: { codes, deviceCodes, authorizations }, subjectOf }: IssuanceContext,
  { redeems, user }: AuthorizationPermission,
  authorization: Authorization,
  session: Session | undefined,
): Promise<boolean> {
  const sub = subjectOf(user)
  if (redeems === undefined) return authorizations.insert(authorization, sub, session)
  const now = authorization.createdAt
  if (redeems.kind === 'code') return codes.exchange(redeems.hash, authorization, sub, now, redeems)
  return deviceCodes.exchange(redeems.hash, authorization, sub, now, session)
}

/** What was inserted. */
interface Insertion {
  readonly authorization: Authorization
  readonly session: Session | undefined
}

function created(
  { subjectOf }: IssuanceContext,
  permission: AuthorizationPermission,
  { requestId }: TokenRequest,
  { authorization, session }: Insertion,
): readonly Emission[] {
  const { id: authorizationId, clientId, sessionId } = authorization
  const sub = subjectOf(authorization)
  const authorized: Emission = [
    'authorization.created',
    { requestId, authorizationId, clientId, sub, sessionId },
  ]
  if (!session) return [authorized]
  const { id, address, deviceName } = session
  const isNew: Emission = ['device.new', { requestId, sessionId: id, sub, deviceName, address }]
  return [
    sessionStarted(session, { requestId, sub, address }),
    authorized,
    ...(isNewDevice(permission) ? [isNew] : []),
  ]
}

/** A device that was allowed in a browser is always a new one. */
const isNewDevice = ({ redeems, device }: AuthorizationPermission): boolean =>
  redeems?.kind === 'device_code' || (device?.isNew ?? false)

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
