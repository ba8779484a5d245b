import type { HttpResponse } from '../lib/http.ts'
import type { Endpoint, Exchange } from './endpoint.ts'

/** The response headers that scripts of other origins need: when to try again, and what to quote in a bug report. */
const EXPOSED = { 'Access-Control-Expose-Headers': 'Retry-After, WWW-Authenticate, X-Request-Id' } as const

/**
 * Returns the headers that let scripts of other origins read a response. Never with credentials: these endpoints use no
 * cookies. The policy `clients` allows the origins of public clients' redirect URIs, since only those run in browsers, and
 * `sign-in` those of the option `origins`.
 */
export async function corsHeaders({ cors }: Endpoint, exchange: Exchange): Promise<HttpResponse['headers']> {
  if (cors === 'none') return {}
  if (cors === 'any') return { 'Access-Control-Allow-Origin': '*', ...EXPOSED }
  const origin = exchange.request.header('origin')
  if (origin === undefined) return { Vary: 'Origin' }
  const isKnown = await isAllowedOrigin(cors, exchange, origin)
  return { Vary: 'Origin', ...(isKnown && { 'Access-Control-Allow-Origin': origin, ...EXPOSED }) }
}

async function isAllowedOrigin(
  cors: 'clients' | 'sign-in',
  { services: { settings, store } }: Exchange,
  origin: string,
): Promise<boolean> {
  if (cors === 'sign-in') return settings.signIn?.origins.has(origin) ?? false
  return origin.length <= 512 && store.clients.isPublicOrigin(origin)
}

/** Responds to OPTIONS, which includes CORS preflights. */
export async function answerOptions(endpoint: Endpoint, exchange: Exchange): Promise<HttpResponse> {
  const shared = await corsHeaders(endpoint, exchange)
  const allow = allowedMethods(endpoint)
  const isAllowed = 'Access-Control-Allow-Origin' in shared
  const preflight = isAllowed && {
    'Access-Control-Allow-Methods': allow,
    // MCP clients and tracing libraries add harmless headers of their own. `*` does not cover Authorization.
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, MCP-Protocol-Version, *',
    'Access-Control-Max-Age': '600',
  }
  return { status: 204, headers: { Allow: allow, ...shared, ...preflight }, body: '' }
}

/** Returns the methods of an endpoint as an `Allow` header (RFC 9110 section 10.2.1). */
export function allowedMethods({ methods }: Endpoint): string {
  const names = Object.keys(methods)
  return [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
}
