import type { AppSessionSettings } from '../config/app-session.ts'
import { parseForm } from '../lib/form.ts'
import { redirect, type HttpResponse } from '../lib/http.ts'
import type { Exchange } from './endpoint.ts'
import { chosenLanguage } from './languages.ts'
import { pathsOf, providerPathsOf } from './paths.ts'

/** Options of a redirect to the app's sign-in page. */
export interface AppSignInOptions {
  /** The path and query to return to. */
  readonly returnTo: string
  /** True to accept only a sign-in that is newer than this request. */
  readonly isForced: boolean
}

/**
 * Redirects to the app's sign-in page. `return_to` is a URL of our own sign-in page, where this server checks the sign-in.
 * It is bound to the browser by a cookie. Otherwise a user who follows an attacker's link would continue what the attacker
 * started.
 */
export async function redirectToApp(
  exchange: Exchange,
  provider: string,
  app: AppSessionSettings,
  { returnTo, isForced }: AppSignInOptions,
): Promise<HttpResponse> {
  const { services } = exchange
  const { settings, csrf, returnToSigner, sessions } = services
  const mustBeNew = isForced || (await sessions.mustSignInAgain(exchange, provider))
  const value = returnToSigner.sign({
    provider,
    path: returnTo,
    browser: csrf.bindingFor(exchange),
    ...(mustBeNew && { after: settings.clock.now() }),
  })
  const back = new URL(providerPathsOf(settings, provider).signIn, settings.issuer)
  back.search = new URLSearchParams({ return_to: value }).toString()
  const url = new URL(app.signInUrl)
  for (const [name, text] of hintsOf(exchange, returnTo)) url.searchParams.set(name, text)
  // What the user chose on our pages comes before what the client asked for.
  const chosen = chosenLanguage(exchange)
  if (chosen !== undefined)
    url.searchParams.set('ui_locales', `${chosen} ${url.searchParams.get('ui_locales') ?? ''}`.trim())
  if (mustBeNew) url.searchParams.set('prompt', 'login')
  url.searchParams.set('return_to', back.href)
  return redirect(url.href)
}

/** The parameters of an authorization request that are passed on, if they are harmless. */
const HINTS: Readonly<Record<string, RegExp>> = {
  max_age: /^\d{1,10}$/,
  // No control characters: the app may log it, or show it in a header.
  login_hint: /^[^\p{Cc}\p{Cs}]{1,255}$/u,
  ui_locales: /^[A-Za-z0-9 -]{1,255}$/,
}

function hintsOf(exchange: Exchange, returnTo: string): readonly (readonly [string, string])[] {
  const { services, request } = exchange
  const { authorize } = pathsOf(services.settings)
  const [path, query = ''] = returnTo.split(/\?(.*)/s, 2)
  if (path !== authorize) return []
  // What the client sent, before `max_age=0` was removed for the request after the sign-in.
  const form = parseForm(exchange.path === authorize && request.query !== '' ? request.query : query)
  if (typeof form === 'string') return []
  return Object.entries(HINTS).flatMap(([name, pattern]) => {
    const value = form.get(name)
    return value !== undefined && pattern.test(value) ? [[name, value] as const] : []
  })
}
