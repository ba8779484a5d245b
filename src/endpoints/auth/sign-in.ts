import { OAuthError } from '../../errors.ts'
import { parseForm } from '../../lib/form.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import { returnUrlTo } from '../../lib/web-address.ts'
import { formTargetsOf } from '../../pages/headers.ts'
import type { SignInProps } from '../../pages/props.ts'
import { canChangePassword } from '../account/account.ts'
import { readForm, readQuery } from '../body.ts'
import { describeClient } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { followLocales, withLocales } from '../languages.ts'
import { findTarget, type ResponseTarget } from '../oauth/authorization-request.ts'
import { page } from '../page.ts'
import { pathsOf, providerPathsOf } from '../paths.ts'
import type { Services } from '../services.ts'
import { readReturnTo, signInUrl, signReturnTo } from '../return-to.ts'
import { lookUpViewer } from '../viewer.ts'
import { showAppSignIn } from './app-return.ts'
import { signInWithPassword } from './password.ts'
import { signedInPage } from './signed-in.ts'

/**
 * GET: shows the sign-in page, or redirects to the app's. A signed-in user is redirected, unless they must sign in again.
 */
export async function showSignIn(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services } = exchange
  const app = services.settings.appSessions.get(provider)
  if (app) return showAppSignIn(exchange, provider, app)
  const form = readQuery(exchange.request)
  const returnTo =
    readReturnTo(services, provider, form.get('return_to')) ?? ownAppIn(services, form.get('return_to'))
  followLocales(exchange, returnTo)
  const { user } = await lookUpViewer(exchange, provider)
  if (!user || form.get('prompt') === 'login') return signInPage(exchange, 200, { provider, returnTo })
  return returnTo === undefined ? signedInPage(exchange, provider, user) : redirect(returnTo)
}

/** POST: signs in with a user name and password, or switches to another account. */
export async function signIn(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request } = exchange
  const form = await readForm(request)
  const returnTo = readReturnTo(services, provider, form.get('return_to'))
  followLocales(exchange, returnTo)
  if (form.get('intent') === 'switch') return switchAccount(exchange, provider, returnTo)
  if (services.settings.appSessions.has(provider)) throw signInAtApp()
  const current = await services.sessions.current(exchange, provider)
  const [username, password] = [form.get('username') ?? '', form.get('password') ?? '']
  const keepSignedIn = services.settings.keepSignedIn !== undefined && form.get('keep_signed_in') === 'yes'
  const props = { provider, returnTo, username, keepSignedIn }
  if (!services.csrf.isValid(exchange, current, form.get('csrf'))) {
    return signInPage(exchange, 403, { ...props, problem: { kind: 'expired' } })
  }
  const outcome = await signInWithPassword(exchange, { provider, username, password, keepSignedIn, current })
  if ('problem' in outcome) return signInPage(exchange, outcome.status, { ...props, ...outcome })
  return redirect(returnTo ?? providerPathsOf(services.settings, provider).signIn)
}

/** Returns the URL of one of our own single-page apps. Only its origin is checked. The form contains it signed. */
const ownAppIn = ({ settings }: Services, url: string | undefined): string | undefined =>
  settings.apiCookie && returnUrlTo(settings.apiCookie.origins, url)

const signInAtApp = (): OAuthError =>
  new OAuthError('invalid_request', 'Users sign in to the app', {
    status: 405,
    headers: { Allow: 'GET, HEAD' },
  })

const switchAccount = (
  { services }: Exchange,
  provider: string,
  returnTo: string | undefined,
): HttpResponse =>
  redirect(signInUrl(services, provider, { isForced: true, ...(returnTo !== undefined && { returnTo }) }))

interface SignInPageOptions {
  readonly provider: string
  readonly returnTo: string | undefined
  readonly username?: string
  readonly keepSignedIn?: boolean
  readonly problem?: NonNullable<SignInProps['problem']>
  readonly headers?: HttpResponse['headers']
}

async function signInPage(
  exchange: Exchange,
  status: number,
  { provider, returnTo, username, keepSignedIn, problem, headers = {} }: SignInPageOptions,
): Promise<HttpResponse> {
  const { services } = exchange
  const { settings } = services
  const csrf = services.csrf.tokenFor(exchange, await services.sessions.current(exchange, provider))
  const client = await findRequestingClient(exchange, returnTo)
  const props = {
    action: providerPathsOf(settings, provider).signIn,
    hidden: {
      csrf,
      ...(returnTo !== undefined && { return_to: signReturnTo(services, provider, returnTo) }),
    },
    provider,
    signInWith: services.userDirectory.provider(provider).signInWith ?? 'both',
    username: username ?? client?.loginHint ?? '',
    ...(settings.keepSignedIn && { keepSignedIn: keepSignedIn ?? settings.keepSignedIn.checked }),
    ...(settings.passwordReset &&
      canChangePassword(services, provider) && {
        forgotPasswordUrl: withLocales(exchange, providerPathsOf(settings, provider).forgotPassword),
      }),
    ...(client && { client: describeClient(client.target.client, client.target.redirectUri) }),
    ...(problem && { problem }),
  }
  // If the user has consented before, this form redirects straight to the client. It also redirects to our own apps.
  const target = client ? client.target.redirectUri : returnTo
  const formTargets = target !== undefined && URL.canParse(target) ? formTargetsOf(target) : []
  return page(exchange, status, 'signIn', props, { formTargets, headers })
}

/** The client that sent the user here, and what it says that they sign in with. */
interface RequestingClient {
  readonly target: ResponseTarget
  readonly loginHint: string | undefined
}

async function findRequestingClient(
  { services }: Exchange,
  returnTo: string | undefined,
): Promise<RequestingClient | undefined> {
  const [path, query] = returnTo?.split(/\?(.*)/s, 2) ?? []
  if (path !== pathsOf(services.settings).authorize) return undefined
  const form = parseForm(query ?? '')
  if (typeof form === 'string') return undefined
  const target = await findTarget(services, form).catch(() => undefined)
  return target && { target, loginHint: shownHint(form.get('login_hint')) }
}

const MAX_HINT_LENGTH = 255

/** Returns a hint that can be a user name. Others are ignored: a long one hides what else the page says. */
const shownHint = (hint: string | undefined): string | undefined =>
  hint === undefined || hint.length > MAX_HINT_LENGTH || /\p{Cc}/u.test(hint) ? undefined : hint
