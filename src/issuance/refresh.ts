import type { Emission } from '../events.ts'
import { sha256 } from '../lib/hash.ts'
import { remainingScopes, scopeRulesFor } from '../model/scope.ts'
import type { RefreshedAuthorization, RefreshUpdate } from '../store/authorizations.ts'
import { draftAccessToken, signAccessToken, type AccessTokenDraft } from './access-token.ts'
import { policyFor, type IssuanceContext, type RefreshPolicy } from './context.ts'
import { NOTHING, type Customization } from './customize.ts'
import type { RefreshPermission } from './permission.ts'
import {
  signInFields,
  tokenIssued,
  tokenResponse,
  type TokenRequest,
  type TokenResponse,
} from './response.ts'

/**
 * Refreshes an authorization with one conditional update. Returns undefined if the row is not as permitted: a concurrent
 * refresh or a revocation won, or it was not read before.
 */
export async function refreshAuthorization(
  context: IssuanceContext,
  permission: RefreshPermission,
  request: TokenRequest,
): Promise<TokenResponse | undefined> {
  const { client, token, generation } = permission
  const { authorizationId } = token
  const { refresh: policy, accessTokenLifetime } = policyFor(context, client, request.grantType)
  if (!policy) return undefined
  const { claims, fieldsFor } = await customize(context, permission, request)
  const now = context.clock.now()
  const draft = draftAccessToken(now, accessTokenLifetime, authorizationId)
  const fields = await fieldsFor(draft.jti)
  const update = toUpdate(context, permission, policy, draft, now)
  const row = await context.events.commit(
    () => context.store.authorizations.refresh(update),
    (written) => (isValid(context, written) ? refreshed(context, permission, request, draft, written) : []),
  )
  if (!isValid(context, row)) return undefined
  const scopes = scopesOf(context, permission, row)
  const access = signAccessToken(context, draft, {
    ...row,
    sub: context.subjectOf(row),
    scopes,
    resources: permission.resources,
    claims,
    user: { provider: row.provider, authorizationId, sessionId: row.sessionId },
  })
  return {
    ...fields,
    ...tokenResponse(access, scopes),
    refresh_token: context.refreshTokens.format({ ...token, generation }),
    ...signInFields(row, now),
  }
}

/** Asks the configuration before anything is written, so that the token stays the current one if that fails. */
async function customize(
  context: IssuanceContext,
  { client, authorization, scopes, resources }: RefreshPermission,
  { grantType }: TokenRequest,
): Promise<Customization> {
  if (!authorization || !scopes) return NOTHING
  return context.customize({
    client,
    user: authorization,
    authorizationId: authorization.id,
    scopes,
    resources,
    grantType,
  })
}

/** A row that a restored backup has brought back can be revoked without saying so. */
const isValid = (
  { isRevoked }: IssuanceContext,
  row: RefreshedAuthorization | undefined,
): row is RefreshedAuthorization => row !== undefined && !isRevoked(row)

const scopesOf = (
  context: IssuanceContext,
  { client, scopes }: RefreshPermission,
  row: RefreshedAuthorization,
): readonly string[] =>
  scopes ?? remainingScopes(scopeRulesFor(context.scopes, client), row.scopes, client.scopes)

/** The row tells nothing of a token that is ahead of it or repeated: what was permitted does. */
function refreshed(
  context: IssuanceContext,
  permission: RefreshPermission,
  request: TokenRequest,
  draft: AccessTokenDraft,
  row: RefreshedAuthorization,
): readonly Emission[] {
  const { token, generation } = permission
  const { requestId } = request
  const { id: authorizationId, clientId } = row
  const from = generationOf(permission)
  const owner = { clientId, sub: context.subjectOf(row), authorizationId }
  const scopes = scopesOf(context, permission, row)
  const ahead: Emission = ['refresh.ahead', { requestId, authorizationId, from, to: generation }]
  return [
    tokenIssued(request, draft, { ...owner, scopes, refreshGeneration: generation }),
    ...(token.generation > from ? [ahead] : []),
    ['token.refreshed', { requestId, ...owner, generation, isRepeated: token.generation < from }],
  ]
}

/** Returns the generation that the row must have. */
const generationOf = ({ authorization, token }: RefreshPermission): number =>
  authorization ? authorization.generation : token.generation

function toUpdate(
  { nodeId, subjectOf }: IssuanceContext,
  permission: RefreshPermission,
  { lifetime, maximum, graceWindow }: RefreshPolicy,
  { expiresAt: accessExpiresAt }: AccessTokenDraft,
  now: number,
): RefreshUpdate {
  const { client, token, authorization, generation } = permission
  const from = generationOf(permission)
  const graceEndsAt = graceWindow === 0 ? 0 : now + graceWindow
  return {
    id: token.authorizationId,
    seedHash: sha256(token.seed),
    clientId: client.id,
    from,
    to: generation,
    rotation: generation > from ? { generation: token.generation, graceEndsAt, nodeId } : undefined,
    now,
    expiresAt: now + lifetime,
    maximumLifetime: maximum,
    accessExpiresAt,
    user: authorization ? { subject: subjectOf(authorization) } : { builtInProvider: client.provider },
  }
}
