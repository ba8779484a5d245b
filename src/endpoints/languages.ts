import { readCookie } from '../lib/cookie.ts'
import { redirect, type HttpResponse } from '../lib/http.ts'
import { preferredLanguages } from '../lib/language.ts'
import { returnUrlTo } from '../lib/web-address.ts'
import { cookieName } from '../sessions/cookies.ts'
import { localeOf } from '../users/locale.ts'
import type { Endpoint, Exchange } from './endpoint.ts'
import { providerPathsOf, withQuery } from './paths.ts'
import type { Services } from './services.ts'

/** The parameter of the links at the foot of the pages. */
const PARAMETER = 'language'

/** One year, in seconds. */
const COOKIE_LIFETIME = 31_536_000

/**
 * Returns the languages of a request, the preferred one first: the one that was chosen at the foot of a page, `ui_locales` of
 * the authorization request (OpenID Connect Core section 3.1.2.1), the `locale` of the signed-in user, `Accept-Language`.
 */
export function languagesOf(exchange: Exchange): readonly string[] {
  const { request, viewer } = exchange
  const uiLocales = localesIn(request.query) ?? viewer.uiLocales
  return [
    ...preferredLanguages(chosenLanguage(exchange)),
    ...preferredLanguages(uiLocales),
    ...preferredLanguages(localeOf(viewer.user)),
    ...preferredLanguages(undefined, request.header('accept-language')),
  ]
}

/** Returns the language of the page that answers a request: the first of its languages that the server has. */
export const languageOf = (exchange: Exchange): string =>
  exchange.services.settings.pages.chooseLanguage(languagesOf(exchange))

/** Keeps the `ui_locales` of the authorization request to which the user returns, for the page that is shown. */
export function followLocales(exchange: Exchange, returnTo: string | undefined): void {
  exchange.viewer.uiLocales = localesIn(returnTo?.split(/\?(.*)/s, 2)[1] ?? '')
}

/** Adds the `ui_locales` of the page to the path of one that belongs to the same visit but not to the authorization request. */
export function withLocales(
  { request, viewer }: Exchange,
  path: string,
  query: Readonly<Record<string, string>> = {},
): string {
  const uiLocales = localesIn(request.query) ?? viewer.uiLocales
  const isKept = uiLocales !== undefined && uiLocales.length <= MAX_LENGTH
  return withQuery(path, { ...query, ...(isKept && { ui_locales: uiLocales }) })
}

const MAX_LENGTH = 255

/** The query may be malformed: error pages have a language too. */
const localesIn = (query: string): string | undefined =>
  query.includes('ui_locales=') ? (new URLSearchParams(query).get('ui_locales') ?? undefined) : undefined

/** Returns the language that the user has chosen in this browser, unless the server no longer has it. */
export function chosenLanguage({ request, services }: Exchange): string | undefined {
  const { cookies, pages } = services.settings
  const language = readCookie(request.header('cookie'), cookieName(cookies, 'language'))
  return language !== undefined && pages.languages.includes(language) ? language : undefined
}

/**
 * Handles a link at the foot of a page: remembers the language, and redirects to the same page without the parameter.
 * Returns undefined for other requests. A link on another site can change the language, and nothing else.
 */
export function switchLanguage(endpoint: Endpoint, exchange: Exchange): HttpResponse | undefined {
  const { request, services, newCookies } = exchange
  const { cookies, pages } = services.settings
  if (endpoint.errors !== 'page' || (request.method !== 'GET' && request.method !== 'HEAD')) return undefined
  const [pair = '', ...rest] = request.query.split('&')
  const [name, language = ''] = pair.split('=')
  if (name !== PARAMETER || !pages.languages.includes(language)) return undefined
  newCookies.set(cookieName(cookies, 'language'), { value: language, maxAge: COOKIE_LIFETIME })
  return redirect(rest.length > 0 ? `${endpoint.path}?${rest.join('&')}` : endpoint.path)
}

/**
 * Returns the query of a link to the same page in another language. Undefined for the answer to a form. On pages for guests,
 * only what these pages read: an attacker may have written the rest into a link.
 */
export function switchQuery({ request, services, path }: Exchange): string | undefined {
  const { method, query } = request
  if (method !== 'GET' && method !== 'HEAD') return undefined
  const guestPages = services.settings.providers.map((provider) =>
    providerPathsOf(services.settings, provider),
  )
  if (!guestPages.some(({ signIn, signOut }) => path === signIn || path === signOut)) return query
  const kept = [...new URLSearchParams(query)].filter(
    ([name, value]) =>
      (name === 'prompt' && value === 'login') || (name === 'return_to' && isTrusted(services, value)),
  )
  return new URLSearchParams(kept).toString()
}

/** Where a page leads is never what an attacker wrote into its URL. */
const isTrusted = ({ returnToSigner, settings }: Services, returnTo: string): boolean =>
  returnToSigner.verify(returnTo) !== undefined || returnUrlTo(settings.returnOrigins, returnTo) !== undefined
