import { missingToken } from '../../guard/refusal.ts'
import { NO_CONTENT, type HttpResponse } from '../../lib/http.ts'
import { SIGN_IN } from '../../model/client.ts'
import { readParameters } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { refuseIfThrottled } from '../oauth/client-authentication.ts'
import { findRefreshToken, readAccessToken } from '../oauth/presented-token.ts'
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
  const { client_id: clientId, sid } = (await readAccessToken(services, token)) ?? {}
  if (clientId === SIGN_IN && sid !== undefined) return sid
  throw invalidTokenError(exchange, 'Invalid token', 'not an access token of the sign-in API')
}

/** A refresh token that was rotated before counts too. */
async function sessionOfRefreshToken(exchange: Exchange): Promise<string> {
  const { services, request, address } = exchange
  const token = (await readParameters(request)).get('refresh_token')
  if (token === undefined) throw toError(missingToken(services.settings.issuer))
  const { authorization } = (await findRefreshToken(services, token, SIGN_IN)) ?? {}
  if (authorization?.clientId === SIGN_IN && authorization.sessionId !== null) return authorization.sessionId
  await refuseIfThrottled(exchange)
  await services.throttle.fail({ address })
  throw invalidTokenError(exchange, 'Invalid token', 'not a refresh token of the sign-in API')
}
