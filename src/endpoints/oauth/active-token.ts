import { decodeJwt } from 'jose'
import { isRefusal } from '../../guard/refusal.ts'
import { toSeconds } from '../../lib/clock.ts'
import { generationStatus } from '../../model/authorization.ts'
import type { AccessTokenClaims } from '../../model/claims.ts'
import { coversScope, formatScope, parseScope } from '../../model/scope.ts'
import type { Services } from '../services.ts'
import { toError } from '../sign-in-api/invalid-token.ts'
import { findRefreshToken, readAccessToken, type PresentedRefreshToken } from './presented-token.ts'

/** The members of an introspection response about a valid token (RFC 7662 section 2.2), besides `active`. */
export type TokenDescription = Readonly<Record<string, unknown>>

/** Whose tokens the caller accepts, like the guard of an API. */
export interface Acceptance {
  /** Users of other providers are not accepted. */
  readonly provider: string
  /** The token must be for one of these. Empty for the default audience. */
  readonly resources: readonly string[]
}

/**
 * Describes an access token that a guard would accept. Checks revocations in memory, so it costs no query.
 *
 * @throws OAuthError `temporarily_unavailable` if revocations are out of reach: the token may be valid
 */
export async function describeAccessToken(
  services: Pick<Services, 'guard' | 'settings' | 'accessTokens'>,
  token: string,
  { provider, resources }: Acceptance,
): Promise<TokenDescription | undefined> {
  const { guard, settings } = services
  // The guard trims the header.
  if (/\s/.test(token)) return undefined
  const audiences = resources.length > 0 ? resources : undefined
  const requirement = { caller: 'anyone', allOf: [], anyOf: [], provider, audiences } as const
  const result = await guard.check(`Bearer ${token}`, requirement)
  if (!isRefusal(result)) {
    const claims = await claimsOf(services, token)
    return claims && describeClaims(settings, claims)
  }
  if (result.status === 503) throw toError(result)
  return undefined
}

/** The guard has verified our own tokens already. Imported ones get their claims from their row. */
async function claimsOf(
  services: Pick<Services, 'settings' | 'accessTokens'>,
  token: string,
): Promise<AccessTokenClaims | undefined> {
  const claims = decodeJwt<AccessTokenClaims>(token)
  return claims.iss === services.settings.issuer ? claims : readAccessToken(services, token)
}

/** `epochs` are left out: they only matter to those who check revocations themselves. */
function describeClaims({ scopes }: Services['settings'], claims: AccessTokenClaims): TokenDescription {
  const granted = parseScope(claims.scope)
  const covered = [...scopes.defined].filter((name) => coversScope(scopes, granted, name))
  const scope = formatScope([...new Set([...granted, ...covered])])
  return { ...claims, epochs: undefined, scope, token_type: 'Bearer' }
}

/**
 * Describes a refresh token to its own client. No other client has a use for one. An imported one is not described: opening
 * it is slow, and APIs pass on whatever their callers send.
 */
export async function describeRefreshToken(
  services: Services,
  token: string,
  clientId: string,
): Promise<TokenDescription | undefined> {
  if (services.grantContext.importedRefreshTokens.looksImported(token)) return undefined
  const found = await findRefreshToken(services, token, clientId)
  if (found?.authorization.clientId !== clientId || !isActive(services, found)) return undefined
  const { settings, subjectOf } = services
  const { scopes, resources, expiresAt } = found.authorization
  return {
    iss: settings.issuer,
    sub: subjectOf(found.authorization),
    aud: resources.length > 0 ? resources : settings.audience,
    client_id: clientId,
    scope: formatScope(scopes),
    exp: toSeconds(expiresAt),
  }
}

/** A replayed token is inactive, and revokes nothing here: only its use shows that it was stolen. */
function isActive(
  { settings, grantContext }: Pick<Services, 'settings' | 'grantContext'>,
  { authorization, generation }: PresentedRefreshToken,
): boolean {
  const now = settings.clock.now()
  const { nodeId, isRevoked } = grantContext
  return (
    authorization.revokedAt === null &&
    authorization.expiresAt > now &&
    !isRevoked(authorization) &&
    generationStatus(authorization, generation, { now, nodeId }) !== 'replayed'
  )
}
