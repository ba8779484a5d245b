import { toFetchRequest } from '../lib/fetch-request.ts'
import type { HttpResponse } from '../lib/http.ts'
import { formTargetsOf } from '../pages/headers.ts'
import type { ViewProps } from '../pages/props.ts'
import type { PageContext } from '../pages/render.ts'
import { pageDataResponse, redirectToAppPage } from './app-page.ts'
import type { Exchange } from './endpoint.ts'
import { languageOf, switchQuery } from './languages.ts'
import { findViewer } from './viewer.ts'

/** Options of a response that is a page. */
export interface PageOptions {
  readonly headers?: HttpResponse['headers']
  /** Where the page's forms may redirect to besides this server: see `formTargetsOf`. */
  readonly formTargets?: readonly string[]
}

/** A page of the app cannot sign its users out, or in as someone else. Browsers send `=name=value` back as `name=value`. */
const OUR_COOKIE = /^[\s=]*(?:__Host-)?consulate_/i

/** Answers with a page and its security headers. */
export async function page<Name extends keyof ViewProps>(
  exchange: Exchange,
  status: number,
  name: Name,
  props: ViewProps[Name],
  { headers = {}, formTargets = [] }: PageOptions = {},
): Promise<HttpResponse> {
  const { pages } = exchange.services.settings
  const context = contextOf(exchange, status, formTargets)
  const data = { view: name, status, language: context.language, formTargets: context.formTargets, props }
  if (exchange.wantsProps) return pageDataResponse(data)
  const { location, cookies = [], ...rendered } = await pages.render(name, props, context)
  const kept = cookies.filter((cookie) => !OUR_COOKIE.test(cookie))
  const ownCookies = kept.length > 0 ? { 'Set-Cookie': kept } : {}
  if (location !== undefined) {
    const redirected = await redirectToAppPage(exchange, location, data)
    if (redirected) return { ...redirected, headers: { ...redirected.headers, ...ownCookies } }
    exchange.services.settings.logger.log(
      'warn',
      'Page too long for a redirect, so the built-in one is shown',
      {
        requestId: exchange.requestId,
        view: name,
      },
    )
    return builtInPage(exchange, status, name, props, { headers, formTargets })
  }
  return { ...rendered, headers: { ...rendered.headers, ...ownCookies, ...headers } }
}

/** Answers with the built-in page, also if the app has one of its own. */
export function builtInPage<Name extends keyof ViewProps>(
  exchange: Exchange,
  status: number,
  name: Name,
  props: ViewProps[Name],
  { headers = {}, formTargets = [] }: PageOptions = {},
): HttpResponse {
  const { pages } = exchange.services.settings
  const rendered = pages.renderBuiltIn(name, props, contextOf(exchange, status, formTargets))
  return { ...rendered, headers: { ...rendered.headers, ...headers } }
}

function contextOf(exchange: Exchange, status: number, formTargets: readonly string[]) {
  const { appSessions, issuer } = exchange.services.settings
  // A form of a user whose session has ended, and one that signs out, redirects to the app.
  const targets = [
    ...formTargets,
    ...[...appSessions.values()].flatMap(({ signInUrl }) => formTargetsOf(signInUrl)),
  ]
  return {
    status,
    language: languageOf(exchange),
    query: switchQuery(exchange),
    formTargets: [...new Set(targets)],
    viewContext: async () => ({
      request: toFetchRequest(exchange.request, new URL(issuer).origin),
      original: exchange.request.original,
      user: await findViewer(exchange),
    }),
  } satisfies PageContext
}
