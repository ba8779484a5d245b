import { json, redirect, type HttpResponse } from '../lib/http.ts'
import { ViewError } from '../pages/own-view.ts'
import type { PageData, SealedPage } from '../pages/page-data.ts'
import type { Exchange } from './endpoint.ts'
import { findViewer } from './viewer.ts'

/** In characters. Proxies and Node limit a line or all headers to 8 or 16 kB. */
const MAX_LENGTH = 7000

/** Returns the data of a page. Without the request and the user, which the app knows. */
export const pageDataResponse = (data: PageData): HttpResponse =>
  json(200, data, { 'Cross-Origin-Resource-Policy': 'same-origin' })

/**
 * Redirects to the page of the app that draws a page of ours. Returns undefined if the page is the answer to a form and too
 * long for a URL.
 *
 * @throws ViewError unless the redirect leads to another page of this origin
 */
export async function redirectToAppPage(
  exchange: Exchange,
  location: string,
  data: PageData,
): Promise<HttpResponse | undefined> {
  const url = checkLocation(exchange, location, data.view)
  const sealed = exchange.services.pageSealer.seal(await sealedPageOf(exchange, data))
  if (sealed.length > MAX_LENGTH && !isReopened(exchange, data)) return undefined
  url.searchParams.set('page', sealed)
  return redirect(url.pathname + url.search + url.hash)
}

/** Open redirects and loops are impossible, whatever a view returns. */
function checkLocation({ services, request }: Exchange, location: string, view: string): URL {
  const { origin } = new URL(services.settings.issuer)
  const url = URL.parse(location, origin)
  // Browsers would read the path `//example.com` as another host.
  const isOwn = url?.origin === origin && !url.pathname.startsWith('//')
  if (!isOwn || url.username !== '' || url.password !== '')
    throw new ViewError(`pages.views.${view} redirected to another origin than ${origin}`)
  if (url.pathname === request.path)
    throw new ViewError(`pages.views.${view} redirected to ${url.pathname}, which is a page of the server`)
  return url
}

/** A page that a GET shows is opened again, so that it is always current. An error would be logged twice. */
const isReopened = ({ request }: Exchange, { view }: PageData): boolean =>
  view !== 'error' && (request.method === 'GET' || request.method === 'HEAD')

async function sealedPageOf(exchange: Exchange, data: PageData): Promise<SealedPage> {
  // The path of the endpoint: the app may have rewritten that of the request.
  const { path, request } = exchange
  const { query } = request
  const browser = exchange.services.csrf.bindingFor(exchange)
  if (isReopened(exchange, data)) return { browser, page: query === '' ? path : `${path}?${query}` }
  await findViewer(exchange)
  const { session } = exchange.viewer
  return { browser, page: data, ...(session && { session: { id: session.id, provider: session.provider } }) }
}
