import { OAuthError } from '../../errors.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { SIGN_IN } from '../../model/client.ts'
import { checkPassword, type FailedPasswordAttempt } from '../../users/check-password.ts'
import { readParameters, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { findKnownDevice } from '../known-device.ts'
import { reportFailedSignIn } from '../report.ts'
import { readDeviceName } from './device-name.ts'

/** POST: signs in with a user name and password, and returns the tokens of a new session on this device. */
export async function login(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, address, request, requestId } = exchange
  const { signIn, userDirectory } = services
  exchange.auditFields.clientId = SIGN_IN
  const form = await readParameters(request)
  const [username, password] = [requireParameter(form, 'username'), requireParameter(form, 'password')]
  const deviceToken = form.get('device_token')
  // Before the password check: an invalid request is not a guess.
  const wanted = {
    device: { name: readDeviceName(form), userAgent: request.header('user-agent') ?? '', address },
    deviceToken,
    scopes: signIn.chooseScopes(form.get('scope')),
    requestId,
  }
  const device = await findKnownDevice(services, deviceToken, provider, username)
  const outcome = await checkPassword(
    passwordServices(exchange, provider),
    { provider, username, password, address, device, clientId: SIGN_IN },
    async (user) => ((await userDirectory.find(user.ref)) ? signIn.start({ ...wanted, user }) : undefined),
  )
  if (outcome.kind === 'correct') return json(200, outcome.result)
  reportFailedSignIn(exchange, provider, outcome)
  throw errorOf(exchange, outcome)
}

const passwordServices = ({ services }: Exchange, provider: string): Parameters<typeof checkPassword>[0] => ({
  users: services.userDirectory.provider(provider),
  throttle: services.throttle,
  epochs: services.store.revocations.readEpochs,
  subjectOf: services.subjectOf,
})

/** The response is the same whether the user exists or not. */
function errorOf({ services }: Exchange, outcome: FailedPasswordAttempt): OAuthError {
  if (outcome.kind === 'blocked') {
    const options = {
      detail: 'too many failures for this account or address',
      headers: outcome.blocked.headers,
    }
    return new OAuthError('too_many_requests', 'Too many failed requests. Try again later', options)
  }
  // Every 401 has a challenge (RFC 9110 section 15.5.2).
  return new OAuthError('invalid_credentials', 'The user name or password is incorrect', {
    headers: { 'WWW-Authenticate': `Bearer realm="${services.settings.issuer}"` },
    detail: outcome.user ? `incorrect password for user ${outcome.user.user.id}` : 'no such user',
  })
}
