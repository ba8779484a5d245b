import type { HttpResponse } from '../lib/http.ts'
import type { Endpoint, Exchange } from './endpoint.ts'

/** The response headers that scripts of other origins need: when to try again, and what to quote in a bug report. */
const EXPOSED = { 'Access-Control-Expose-Headers': 'Retry-After, WWW-Authenticate, X-Request-Id' } as const

/**
 * Returns the headers that let scripts of other origins read a response. The policy `clients` allows the origins of public
 * clients' redirect URIs, since only those run in browsers, and `sign-in` those of the option `origins`. These endpoints use no
 * cookies. Only `api-cookie` allows credentials, for the issuer's own apps.
 */
export async function corsHeaders({ cors }: Endpoint, exchange: Exchange): Promise<HttpResponse['headers']> {
  if (cors === 'none') return {}
  if (cors === 'any') return { 'Access-Control-Allow-Origin': '*', ...EXPOSED }
  const origin = exchange.request.header('origin')
  if (origin === undefined) return { Vary: 'Origin' }
  const isKnown = await isAllowedOrigin(cors, exchange, origin)
  const credentials = cors === 'api-cookie' && { 'Access-Control-Allow-Credentials': 'true' }
  return {
    Vary: 'Origin',
    ...(isKnown && { 'Access-Control-Allow-Origin': origin, ...credentials, ...EXPOSED }),
  }
}

async function isAllowedOrigin(
  cors: 'clients' | 'sign-in' | 'api-cookie',
  { services: { settings, store } }: Exchange,
  origin: string,
): Promise<boolean> {
  if (cors === 'sign-in') return settings.signIn?.origins.has(origin) ?? false
  // Our own origin needs no CORS.
  if (cors === 'api-cookie')
    return origin !== new URL(settings.issuer).origin && (settings.apiCookie?.origins.has(origin) ?? false)
  return origin.length <= 512 && store.clients.isPublicOrigin(origin)
}

/** Responds to OPTIONS, which includes CORS preflights. */
export async function answerOptions(endpoint: Endpoint, exchange: Exchange): Promise<HttpResponse> {
  const shared = await corsHeaders(endpoint, exchange)
  const allow = allowedMethods(endpoint)
  const isAllowed = 'Access-Control-Allow-Origin' in shared
  const preflight = isAllowed && {
    'Access-Control-Allow-Methods': allow,
    'Access-Control-Allow-Headers': endpoint.cors === 'api-cookie' ? OWN_APP_HEADERS : CLIENT_HEADERS,
    'Access-Control-Max-Age': '600',
  }
  return { status: 204, headers: { Allow: allow, ...shared, ...preflight }, body: '' }
}

/** MCP clients and tracing libraries add harmless headers of their own. `*` does not cover Authorization. */
const CLIENT_HEADERS = 'Authorization, Content-Type, MCP-Protocol-Version, *'

/** With credentials, `*` is only the name of a header. */
const OWN_APP_HEADERS =
  'Content-Type, X-XSRF-TOKEN, X-CSRF-TOKEN, X-Requested-With, traceparent, tracestate, baggage, sentry-trace'

/** Returns the methods of an endpoint as an `Allow` header (RFC 9110 section 10.2.1). */
export function allowedMethods({ methods }: Endpoint): string {
  const names = Object.keys(methods)
  return [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
}
