import { OAuthError } from '../../errors.ts'
import { readRefreshToken } from '../../grants/refresh-token.ts'
import { isEqualInConstantTime, sha256 } from '../../lib/hash.ts'
import type { Authorization } from '../../model/authorization.ts'
import { ACCESS_TOKEN_TYPE, isAccessTokenClaims, type AccessTokenClaims } from '../../model/claims.ts'
import type { Services } from '../services.ts'

/**
 * Returns the claims of an access token that this issuer has signed, even an expired or revoked one. Returns undefined for
 * any other text.
 */
export async function readAccessToken(
  { accessTokens, settings }: Pick<Services, 'accessTokens' | 'settings'>,
  token: string,
): Promise<AccessTokenClaims | undefined> {
  const verified = await accessTokens.verify(token, ACCESS_TOKEN_TYPE)
  if (verified === 'unavailable') throw new OAuthError('temporarily_unavailable', 'Try again in a moment')
  const { payload = {} } = verified ?? {}
  if (!isAccessTokenClaims(payload)) return undefined
  const claims = payload as unknown as AccessTokenClaims
  return claims.iss === settings.issuer ? claims : undefined
}

/** A refresh token that this issuer has created. */
export interface PresentedRefreshToken {
  readonly authorization: Authorization
  readonly generation: number
}

/** Finds the authorization of a refresh token, even of a rotated, expired or revoked one. A forged one costs no query. `clientId`: who presents it. */
export async function findRefreshToken(
  { grantContext, store }: Pick<Services, 'grantContext' | 'store'>,
  token: string,
  clientId: string,
): Promise<PresentedRefreshToken | undefined> {
  const parts = await readRefreshToken(grantContext, token, clientId)
  const authorization = parts && (await store.authorizations.find(parts.authorizationId))
  if (!authorization || !isEqualInConstantTime(authorization.seedHash ?? '', sha256(parts.seed)))
    return undefined
  return { authorization, generation: parts.generation }
}
