import { OAuthError } from '../errors.ts'
import { json, type HttpRequest, type HttpResponse } from '../lib/http.ts'
import type { SealedPage } from '../pages/page-data.ts'
import { pageDataResponse } from './app-page.ts'
import { readQuery } from './body.ts'
import type { Endpoint, Exchange, Handler } from './endpoint.ts'

/** Handles a request to an endpoint. */
type Handle = (
  endpoint: Endpoint,
  services: Exchange['services'],
  request: HttpRequest,
  wantsProps: boolean,
) => Promise<HttpResponse>

/** GET: returns the props of a page that the app draws, or where to redirect. `find` returns the endpoint of a path. */
export const showPageData =
  (find: (path: string) => Endpoint | undefined, handle: Handle): Handler =>
  async (exchange) => {
    requireSameOrigin(exchange)
    const { page } = await open(exchange)
    if (typeof page !== 'string') return pageDataResponse(page)
    const [path = '', query = ''] = page.split(/\?(.*)/s, 2)
    const endpoint = find(path)
    if (endpoint?.errors !== 'page') throw expired('The page no longer exists')
    const response = await handle(endpoint, exchange.services, asGet(exchange.request, path, query), true)
    const { Location: location } = response.headers
    if (location === undefined) return response
    const cookies = response.headers['Set-Cookie']
    return json(200, { location }, { ...(cookies && { 'Set-Cookie': cookies }) })
  }

async function open(exchange: Exchange): Promise<SealedPage> {
  const { pageSealer, csrf, sessions } = exchange.services
  const sealed = pageSealer.open(readQuery(exchange.request).get('page') ?? '')
  if (!sealed) throw expired('The page has expired or was altered')
  if (!csrf.isBoundTo(exchange, sealed.browser)) throw expired('The page belongs to another browser')
  const current = sealed.session && (await sessions.current(exchange, sealed.session.provider))
  if (sealed.session?.id !== current?.id) throw expired('The user has signed out since')
  return sealed
}

const expired = (detail: string): OAuthError =>
  new OAuthError('invalid_request', 'This page is no longer available', { status: 410, detail })

/** Scripts of other sites cannot read the response, and need not know whether there is one. */
function requireSameOrigin({ request }: Exchange): void {
  const site = request.header('sec-fetch-site') ?? 'none'
  if (site === 'same-origin' || site === 'none') return
  throw new OAuthError('access_denied', 'Only pages of this origin can read pages', { status: 403 })
}

/** The script that reads the props asks for JSON, but the page is for a browser. */
const asGet = (request: HttpRequest, path: string, query: string): HttpRequest => ({
  ...request,
  method: 'GET',
  path,
  routedPath: undefined,
  query,
  header: (name) => (name === 'accept' ? 'text/html' : request.header(name)),
  body: async () => '',
})
