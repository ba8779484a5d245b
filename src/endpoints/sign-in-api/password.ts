import { OAuthError } from '../../errors.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { requirePasswordChange } from '../account/account.ts'
import { changeOwnPassword } from '../account/password-change.ts'
import { isReauthenticated, reauthenticate, reauthenticationError } from '../account/reauthentication.ts'
import type { SignedInUser } from '../account/signed-in-user.ts'
import { readParameters, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { requireCaller, type Caller } from './caller.ts'
import { invalidTokenError } from './invalid-token.ts'

/**
 * POST: changes the password, and returns new tokens for this device. All other devices are signed out, unless
 * `keep_other_devices` is true.
 */
export async function changePassword(exchange: Exchange): Promise<HttpResponse> {
  const caller = await requireCaller(exchange)
  const form = await readParameters(exchange.request)
  const password = requireParameter(form, 'password')
  const keepsOtherDevices = isTrue(form.get('keep_other_devices'))
  const signedIn = await findCaller(exchange, caller)
  const { services, requestId } = exchange
  requirePasswordChange(services, signedIn.session.provider)
  const check = await reauthenticate(exchange, signedIn, form.get('current_password'))
  if (check.kind === 'ended') throw revokedMeanwhile(exchange)
  if (!isReauthenticated(check)) throw reauthenticationError(services, check, 'Bearer')
  const userEpoch = await changeOwnPassword(exchange, signedIn, { password, keepsOtherDevices })
  const tokens = await services.signIn.replace({
    authorizationId: caller.authorizationId,
    user: caller.user,
    userEpoch,
    requestId,
  })
  if (!tokens) throw revokedMeanwhile(exchange)
  return json(200, tokens)
}

function isTrue(text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false
  if (text === 'true') return true
  throw new OAuthError('invalid_request', 'The parameter keep_other_devices must be true or false')
}

async function findCaller(exchange: Exchange, { user: ref, sessionId }: Caller): Promise<SignedInUser> {
  const { store, userDirectory } = exchange.services
  const session = await store.sessions.find(sessionId)
  const user = await userDirectory.find(ref)
  if (!session || session.revokedAt !== null || !user) throw revokedMeanwhile(exchange)
  return { session, user }
}

const revokedMeanwhile = (exchange: Exchange): OAuthError =>
  invalidTokenError(exchange, 'Token revoked', 'the session was revoked, or the user disabled, meanwhile')
