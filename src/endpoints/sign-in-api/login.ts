import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { SIGN_IN } from '../../model/client.ts'
import type { SignInRequest, SignInTokens } from '../../sign-in/sign-in.ts'
import {
  checkPassword,
  type FailedPasswordAttempt,
  type PasswordOutcome,
} from '../../users/check-password.ts'
import { readParameters, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { findKnownDevice } from '../known-device.ts'
import { reportFailedSignIn } from '../report.ts'
import { readDeviceName } from './device-name.ts'

/** POST: signs in with a user name and password, and returns the tokens of a new session on this device. */
export async function login(exchange: Exchange, provider: string): Promise<HttpResponse> {
  exchange.auditFields.clientId = SIGN_IN
  // Read completely before the password is checked: an invalid request is not a guess.
  const request = readLogin(exchange, await readParameters(exchange.request))
  const outcome = await signInWithPassword(exchange, provider, request)
  if (outcome.kind === 'correct') return json(200, outcome.result)
  reportFailedSignIn(exchange, provider, outcome)
  throw errorOf(exchange, outcome)
}

interface LoginRequest extends Omit<SignInRequest, 'user'> {
  readonly username: string
  readonly password: string
}

function readLogin({ services, request, address, requestId }: Exchange, form: Form): LoginRequest {
  return {
    username: requireParameter(form, 'username'),
    password: requireParameter(form, 'password'),
    device: {
      name: readDeviceName(form),
      userAgent: request.header('user-agent') ?? '',
      address,
      methods: ['pwd'],
    },
    deviceToken: form.get('device_token'),
    scopes: services.signIn.chooseScopes(form.get('scope')),
    requestId,
  }
}

/** Checks the password, and signs the user in if it is correct. */
async function signInWithPassword(
  exchange: Exchange,
  provider: string,
  { username, password, ...wanted }: LoginRequest,
): Promise<PasswordOutcome<SignInTokens>> {
  const { services, address } = exchange
  const { signIn, userDirectory } = services
  const device = await findKnownDevice(services, wanted.deviceToken, provider, username)
  return checkPassword(
    passwordServices(exchange, provider),
    { provider, username, password, address, device, clientId: SIGN_IN },
    async (user) => ((await userDirectory.find(user.ref)) ? signIn.start({ ...wanted, user }) : undefined),
  )
}

const passwordServices = ({ services }: Exchange, provider: string): Parameters<typeof checkPassword>[0] => ({
  users: services.userDirectory.passwords(provider),
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
