import { OAuthError } from '../../errors.ts'
import { sha256 } from '../../lib/hash.ts'
import { json, redirect, type HttpResponse } from '../../lib/http.ts'
import type { PasswordReset } from '../../model/password-reset.ts'
import type { ResetPasswordProps } from '../../pages/props.ts'
import { requirePasswordChange } from '../account/account.ts'
import { rejectionOf } from '../account/password-change.ts'
import { readForm, readParameters, readQuery, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { refuseIfThrottled } from '../oauth/client-authentication.ts'
import { page } from '../page.ts'
import { providerPathsOf, withQuery } from '../paths.ts'
import { report } from '../report.ts'
import { signInLink } from './forgot-password.ts'

/** The URL contains the token. Unlike `no-referrer`, this keeps the `Origin` header of our own form. */
const HEADERS = { 'Referrer-Policy': 'strict-origin' } as const

/** GET: the form for a new password. Spends nothing: mail scanners open links too. With `changed`, says that it was changed. */
export async function showResetPassword(exchange: Exchange, provider: string): Promise<HttpResponse> {
  requirePasswordChange(exchange.services, provider)
  const query = readQuery(exchange.request)
  if (await wasChangedHere(exchange, provider, query.get('changed')))
    return page(exchange, 200, 'passwordReset', signInLink(exchange, provider))
  return openLink(exchange, provider, query.get('token'), (link) => formPage(exchange, link, 200))
}

/** Only a browser that knows the user counts, so that no one else's link makes the page claim a change. */
async function wasChangedHere(
  exchange: Exchange,
  provider: string,
  hash: string | undefined,
): Promise<boolean> {
  const { deviceCookies, deviceTokens, store, subjectOf } = exchange.services
  const reset = hash === undefined ? undefined : await store.passwordResets.find(hash)
  if (!reset || reset.provider !== provider || reset.spentAt === null) return false
  return deviceTokens.find(deviceCookies.read(exchange), subjectOf(reset)) !== undefined
}

/** POST: changes the password, spends the link, and remembers the browser as after a sign-in. */
export async function postResetPassword(exchange: Exchange, provider: string): Promise<HttpResponse> {
  requirePasswordChange(exchange.services, provider)
  const form = await readForm(exchange.request)
  return openLink(exchange, provider, form.get('token'), async (link) => {
    const { csrf, sessions } = exchange.services
    const session = await sessions.current(exchange, provider)
    if (!csrf.isValid(exchange, session, form.get('csrf')))
      return formPage(exchange, link, 403, { kind: 'expired' })
    const password = form.get('new_password')
    return password === undefined
      ? formPage(exchange, link, 422, { kind: 'missing' })
      : redeem(exchange, link, password)
  })
}

/** A link that can be used. */
interface OpenLink {
  readonly token: string
  readonly reset: PasswordReset
}

async function openLink(
  exchange: Exchange,
  provider: string,
  token: string | undefined,
  show: (link: OpenLink) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const reset = token === undefined ? undefined : await findLink(exchange, token)
  if (token !== undefined && reset?.provider === provider) return show({ token, reset })
  return invalidLinkPage(exchange, provider)
}

/** An unknown token is a guess, unlike one that was used or has expired. */
async function findLink(exchange: Exchange, token: string): Promise<PasswordReset | undefined> {
  const { passwordResets, store, throttle } = exchange.services
  const reset = await passwordResets.find(token)
  if (reset || (await store.passwordResets.find(sha256(token)))) return reset
  await refuseIfThrottled(exchange)
  await throttle.fail({ address: exchange.address })
  return undefined
}

async function redeem(exchange: Exchange, link: OpenLink, password: string): Promise<HttpResponse> {
  const { deviceCookies, passwordResets, settings, subjectOf } = exchange.services
  const { token, reset } = link
  try {
    if (!(await passwordResets.redeem(token, password, exchange.requestId)))
      return await invalidLinkPage(exchange, reset.provider)
  } catch (thrown) {
    return formPage(exchange, link, 422, { kind: 'rejected', message: rejectionOf(thrown) })
  }
  // Strangers may have locked the user out everywhere else. The link proves who the user is as well as a password does.
  deviceCookies.remember(exchange, subjectOf(reset))
  const { resetPassword: path } = providerPathsOf(settings, reset.provider)
  return redirect(withQuery(path, { changed: reset.hash }))
}

/** POST: the same for apps, with users of all providers. Returns a device token in place of the cookie. */
export async function resetPassword(exchange: Exchange): Promise<HttpResponse> {
  const form = await readParameters(exchange.request)
  const [token, password] = [requireParameter(form, 'token'), requireParameter(form, 'password')]
  const { deviceTokens, passwordResets, subjectOf } = exchange.services
  const reset = await findLink(exchange, token)
  if (reset) requirePasswordChange(exchange.services, reset.provider)
  if (!reset || !(await passwordResets.redeem(token, password, exchange.requestId)))
    throw new OAuthError('invalid_token', 'The link was already used or has expired', { status: 400 })
  return json(200, { device_token: deviceTokens.remember(form.get('device_token'), subjectOf(reset)) })
}

async function formPage(
  exchange: Exchange,
  { token, reset }: OpenLink,
  status: number,
  problem?: NonNullable<ResetPasswordProps['problem']>,
): Promise<HttpResponse> {
  const { csrf, sessions, settings, userDirectory } = exchange.services
  const { provider } = reset
  const user = await userDirectory.find(reset)
  if (problem)
    report(
      exchange,
      new OAuthError('invalid_request', 'The password was not changed', { status, detail: problem.kind }),
    )
  const props = {
    action: providerPathsOf(settings, provider).resetPassword,
    hidden: { csrf: csrf.tokenFor(exchange, await sessions.current(exchange, provider)), token },
    ...(user?.email && { email: user.email }),
    ...(problem && { problem }),
  }
  return page(exchange, status, 'resetPassword', props, { headers: HEADERS })
}

function invalidLinkPage(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { forgotPassword: forgotPasswordUrl } = providerPathsOf(exchange.services.settings, provider)
  const detail = 'the link is unknown, used, expired or void'
  report(exchange, new OAuthError('invalid_token', 'The link cannot be used', { status: 410, detail }))
  return page(exchange, 410, 'invalidResetLink', { forgotPasswordUrl }, { headers: HEADERS })
}
