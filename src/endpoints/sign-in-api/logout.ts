import { missingToken } from '../../guard/refusal.ts'
import { isEqualInConstantTime, sha256 } from '../../lib/hash.ts'
import { NO_CONTENT, type HttpResponse } from '../../lib/http.ts'
import { ACCESS_TOKEN_TYPE, isAccessTokenClaims, type AccessTokenClaims } from '../../model/claims.ts'
import { SIGN_IN } from '../../model/client.ts'
import { readParameters } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { refuseIfThrottled } from '../oauth/client-authentication.ts'
import { invalidTokenError, toError } from './invalid-token.ts'

/**
 * POST: signs out this device. Any genuine token of the session will do, even an expired or revoked one, so that an app can
 * always finish a sign-out. Repeating it is harmless.
 */
export async function logout(exchange: Exchange): Promise<HttpResponse> {
  const { services, request, requestId, auditFields } = exchange
  auditFields.clientId = SIGN_IN
  const sessionOf =
    request.header('authorization') === undefined ? sessionOfRefreshToken : sessionOfAccessToken
  const sessionId = await sessionOf(exchange)
  const session = await services.store.sessions.find(sessionId)
  if (!session) return NO_CONTENT
  auditFields.sub = services.subjectOf(session)
  await services.devices.end(session, 'sign_out', requestId)
  return NO_CONTENT
}

async function sessionOfAccessToken(exchange: Exchange): Promise<string> {
  const { services, request } = exchange
  const [, token = ''] = /^bearer +(\S+)\s*$/i.exec(request.header('authorization') ?? '') ?? []
  const { payload = {} } = (await services.keys.verify(token, ACCESS_TOKEN_TYPE)) ?? {}
  if (isAccessTokenClaims(payload)) {
    const { iss, client_id: clientId, sid } = payload as unknown as AccessTokenClaims
    if (iss === services.settings.issuer && clientId === SIGN_IN && sid !== undefined) return sid
  }
  throw invalidTokenError(exchange, 'Invalid token', 'not an access token of the sign-in API')
}

/** A refresh token that was rotated before counts too. */
async function sessionOfRefreshToken(exchange: Exchange): Promise<string> {
  const { services, request, address } = exchange
  const token = (await readParameters(request)).get('refresh_token')
  if (token === undefined) throw toError(missingToken(services.settings.issuer))
  const parts = services.grantContext.refreshTokens.parse(token)
  const found = parts && (await services.store.authorizations.find(parts.authorizationId))
  const isOurs =
    found?.clientId === SIGN_IN && isEqualInConstantTime(found.seedHash ?? '', sha256(parts?.seed ?? ''))
  if (isOurs && found.sessionId !== null) return found.sessionId
  await refuseIfThrottled(exchange)
  await services.throttle.fail({ address })
  throw invalidTokenError(exchange, 'Invalid token', 'not a refresh token of the sign-in API')
}
