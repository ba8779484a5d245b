import { OAuthError } from '../../errors.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { Exchange } from '../endpoint.ts'
import { findVisitor, type Visitor } from './visitor.ts'

/**
 * Who is signed in in the browser that calls the JSON API. A bearer token is not looked at: who has one must not be able
 * to make more of them.
 *
 * @throws OAuthError `login_required`
 */
export async function requireVisitor(exchange: Exchange, provider: string): Promise<Visitor> {
  const visitor = await findVisitor(exchange, provider)
  if (visitor) return visitor
  throw loginRequired(exchange)
}

/** That nobody is signed in. Every 401 has a challenge (RFC 9110 section 15.5.2), though no browser knows this one. */
export function loginRequired({ services }: Exchange, detail?: string): OAuthError {
  const headers = { 'WWW-Authenticate': `Cookie realm="${services.settings.issuer}"` }
  return new OAuthError('login_required', 'Nobody is signed in', {
    headers,
    ...(detail !== undefined && { detail }),
  })
}

/**
 * Refuses a change that does not come from our own pages: `X-CSRF-Token` must be what a GET of this API answered.
 *
 * @throws OAuthError `access_denied`
 */
export function requireCsrf({ services, request }: Exchange, { session }: Visitor): void {
  if (services.csrf.isValid(request, session.id, request.header('x-csrf-token'))) return
  const detail = 'anti-forgery check failed'
  throw new OAuthError('access_denied', 'The header X-CSRF-Token is missing or wrong', { detail })
}

/** The headers of the answer to a GET: what the next change must send, and the cookie that it is bound to. */
export function csrfHeaders({ services, request }: Exchange, { session }: Visitor): HttpResponse['headers'] {
  const { token, setCookie } = services.csrf.tokenFor(request, session.id)
  return { 'X-CSRF-Token': token, ...(setCookie !== undefined && { 'Set-Cookie': setCookie }) }
}
