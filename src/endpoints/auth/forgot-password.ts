import { json, redirect, type HttpResponse } from '../../lib/http.ts'
import { toSeconds } from '../../lib/clock.ts'
import type { ForgotPasswordProps } from '../../pages/props.ts'
import { requirePasswordChange } from '../account/account.ts'
import { readForm, readParameters, readQuery, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { findKnownDevice } from '../known-device.ts'
import { languageOf, withLocales } from '../languages.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'

/** GET: asks for the user name. With `sent`, says that a link was sent, whether the user exists or not. */
export async function showForgotPassword(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { settings } = exchange.services
  requirePasswordChange(exchange.services, provider)
  if (readQuery(exchange.request).get('sent') === undefined) return formPage(exchange, provider)
  const lifetime = toSeconds(settings.passwordReset?.lifetime ?? 0)
  return page(exchange, 200, 'forgotPasswordSent', { lifetime, ...signInLink(exchange, provider) })
}

/** POST: sends a link, if the user exists. */
export async function postForgotPassword(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request } = exchange
  requirePasswordChange(services, provider)
  const form = await readForm(request)
  const session = await services.sessions.current(exchange, provider)
  const username = form.get('username')
  if (!services.csrf.isValid(exchange, session, form.get('csrf')))
    return formPage(exchange, provider, { status: 403, username, problem: { kind: 'expired' } })
  if (username === undefined) return formPage(exchange, provider, { status: 400 })
  await requestLink(exchange, { provider, username, deviceToken: services.deviceCookies.read(exchange) })
  const { forgotPassword: path } = providerPathsOf(services.settings, provider)
  return redirect(withLocales(exchange, path, { sent: 'yes' }))
}

/** POST: the same for apps. The response is always 202. */
export async function forgotPassword(exchange: Exchange, provider: string): Promise<HttpResponse> {
  requirePasswordChange(exchange.services, provider)
  const form = await readParameters(exchange.request)
  const username = requireParameter(form, 'username')
  await requestLink(exchange, { provider, username, deviceToken: form.get('device_token') })
  return json(202, {})
}

interface LinkRequest {
  readonly provider: string
  readonly username: string
  readonly deviceToken: string | undefined
}

async function requestLink(
  exchange: Exchange,
  { provider, username, deviceToken }: LinkRequest,
): Promise<void> {
  const { services, address, requestId } = exchange
  const language = languageOf(exchange)
  const device = await findKnownDevice(services, deviceToken, provider, username)
  await services.passwordResets.request({ provider, username, address, device, language, requestId })
}

interface FormOptions {
  readonly status?: number
  readonly username?: string | undefined
  readonly problem?: NonNullable<ForgotPasswordProps['problem']>
}

async function formPage(
  exchange: Exchange,
  provider: string,
  { status = 200, username = '', problem }: FormOptions = {},
): Promise<HttpResponse> {
  const { csrf, sessions, settings, userDirectory } = exchange.services
  const props = {
    action: withLocales(exchange, providerPathsOf(settings, provider).forgotPassword),
    hidden: { csrf: csrf.tokenFor(exchange, await sessions.current(exchange, provider)) },
    provider,
    signInWith: userDirectory.provider(provider).signInWith ?? 'both',
    username,
    ...signInLink(exchange, provider),
    ...(problem && { problem }),
  }
  return page(exchange, status, 'forgotPassword', props)
}

/** Returns the link to the sign-in page, if users sign in on our pages. */
export const signInLink = (
  { services: { settings } }: Exchange,
  provider: string,
): { readonly signInUrl?: string } =>
  settings.hasSignInPages ? { signInUrl: providerPathsOf(settings, provider).signIn } : {}
