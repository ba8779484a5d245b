import type { HttpResponse } from '../lib/http.ts'
import type { Endpoint, Exchange } from './endpoint.ts'

/**
 * The headers that let other origins read an answer. Never with credentials: no cookie is good for these endpoints.
 * `clients` lets in the origins of public clients' redirect URIs, because only those run in browsers.
 */
export async function corsHeaders({ cors }: Endpoint, exchange: Exchange): Promise<HttpResponse['headers']> {
  if (cors === 'none') return {}
  if (cors === 'any') return { 'Access-Control-Allow-Origin': '*' }
  const origin = exchange.request.header('origin')
  if (origin === undefined) return { Vary: 'Origin' }
  const isKnown = origin.length <= 512 && (await exchange.services.store.clients.isPublicOrigin(origin))
  return { Vary: 'Origin', ...(isKnown && { 'Access-Control-Allow-Origin': origin }) }
}

/** The answer to a preflight, and to any other OPTIONS. */
export async function answerOptions(endpoint: Endpoint, exchange: Exchange): Promise<HttpResponse> {
  const shared = await corsHeaders(endpoint, exchange)
  const allow = allowedMethods(endpoint)
  const isAllowed = 'Access-Control-Allow-Origin' in shared
  const preflight = isAllowed && {
    'Access-Control-Allow-Methods': allow,
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': '600',
  }
  return { status: 204, headers: { Allow: allow, ...shared, ...preflight }, body: '' }
}

/** The methods of an endpoint as an `Allow` header (RFC 9110 section 10.2.1). */
export function allowedMethods({ methods }: Endpoint): string {
  const names = Object.keys(methods)
  return [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
}
