import { isRefusal } from '../../guard/refusal.ts'
import { SIGN_IN } from '../../model/client.ts'
import type { UserRef } from '../../model/subject.ts'
import type { Exchange } from '../endpoint.ts'
import { invalidTokenError, toError } from './invalid-token.ts'

/** Who calls the sign-in API, and on which device. */
export interface Caller {
  readonly user: UserRef
  readonly sessionId: string
  /** The authorization of its access token. */
  readonly authorizationId: string
}

/** Strict, so that a device that was just signed out on another node can change nothing. */
const ANY_USER = { caller: 'user', allOf: [], anyOf: [], provider: undefined, isStrict: true } as const

/**
 * Returns the caller by the access token of the request. Only the sign-in API's own tokens count: the token of a connected
 * app must not sign its user out.
 *
 * @throws OAuthError `missing_token` or `invalid_token`, `temporarily_unavailable` if revocations are out of reach
 */
export async function requireCaller(exchange: Exchange): Promise<Caller> {
  const { services, request, auditFields } = exchange
  const result = await services.guard.check(request.header('authorization'), ANY_USER)
  if (isRefusal(result)) throw toError(result)
  auditFields.clientId = result.client.id
  const { client, kind } = result
  if (kind !== 'user' || client.id !== SIGN_IN || !result.sessionId || !result.authorizationId)
    throw invalidTokenError(exchange, 'Invalid token', `the token was issued to client ${result.client.id}`)
  auditFields.sub = result.user.sub
  const { provider, id: userId } = result.user
  return { user: { provider, userId }, sessionId: result.sessionId, authorizationId: result.authorizationId }
}
