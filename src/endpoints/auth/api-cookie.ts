import { OAuthError } from '../../errors.ts'
import { originProblem } from '../../guard/cross-site.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import { formatScope } from '../../model/scope.ts'
import { requireSignedInUser } from '../account/signed-in-user.ts'
import type { Exchange } from '../endpoint.ts'

/**
 * POST: renews the API cookie by the session of the browser. Needs no CSRF token, because a single-page app may have lost it,
 * and because a request of another site would achieve nothing. Its origin is checked all the same.
 */
export async function renewApiCookie(exchange: Exchange, provider: string): Promise<HttpResponse> {
  requireOwnOrigin(exchange)
  const { apiCookies, settings } = exchange.services
  const { session } = await requireSignedInUser(exchange, provider)
  apiCookies.issue(exchange, session)
  return json(200, {
    expires_in: apiCookies.lifetime,
    scope: formatScope(settings.apiCookie?.scopes ?? []),
  })
}

/** Browsers send at least one of both headers with each POST. */
function requireOwnOrigin({ request, services }: Exchange): void {
  const header = (name: string): string | undefined => request.header(name)
  const isStated = header('origin') !== undefined || header('sec-fetch-site') === 'same-origin'
  if (!isStated) throw new OAuthError('access_denied', 'Missing Origin header')
  const problem = originProblem(header, services.settings.apiCookie?.origins ?? new Set())
  if (problem) throw new OAuthError('access_denied', problem.description, { detail: problem.detail })
}
