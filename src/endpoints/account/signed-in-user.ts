import { OAuthError } from '../../errors.ts'
import { csrfProblem, originProblem, type CrossSiteProblem } from '../../guard/cross-site.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { Session } from '../../model/session.ts'
import type { PersonalTokenParams } from '../../personal-tokens/params.ts'
import type { PersonalTokenCreated, PersonalTokenRefusal } from '../../personal-tokens/personal-tokens.ts'
import type { BaseUser } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { lookUpViewer } from '../viewer.ts'

/** The user who is signed in to the browser that sent a request. */
export interface SignedInUser {
  readonly session: Session
  readonly user: BaseUser
}

/** Returns the signed-in user of a provider. Returns undefined for guests, and if the user was disabled since. */
export async function findSignedInUser(
  exchange: Exchange,
  provider: string,
): Promise<SignedInUser | undefined> {
  const { session, user } = await lookUpViewer(exchange, provider)
  if (!session || !user) return undefined
  exchange.auditFields.sub = exchange.services.subjectOf(session)
  return { session, user }
}

/**
 * Returns the signed-in user for the JSON API. Bearer tokens are ignored, so that a token cannot be used to create more
 * tokens.
 *
 * @throws OAuthError `login_required`
 */
export async function requireSignedInUser(exchange: Exchange, provider: string): Promise<SignedInUser> {
  const signedIn = await findSignedInUser(exchange, provider)
  if (signedIn) return signedIn
  throw loginRequired(exchange)
}

/** Creates the 401 for guests. Every 401 has a challenge (RFC 9110 section 15.5.2), though no browser knows this one. */
export function loginRequired({ services }: Exchange, detail?: string): OAuthError {
  const headers = { 'WWW-Authenticate': `Cookie realm="${services.settings.issuer}"` }
  return new OAuthError('login_required', 'Sign in first', {
    headers,
    ...(detail !== undefined && { detail }),
  })
}

/**
 * Rejects a change that does not come from our own pages or apps: `X-CSRF-Token` must be the value from a GET of this API, or
 * `X-XSRF-TOKEN` that of the cookie `XSRF-TOKEN`.
 *
 * @throws OAuthError `access_denied`
 */
export function requireCsrf(exchange: Exchange, { session }: SignedInUser): void {
  const { services, request } = exchange
  if (services.csrf.isValid(exchange, session, request.header('x-csrf-token'))) return
  const { apiCookie } = services.settings
  if (!apiCookie)
    throw crossSite({
      description: 'The X-CSRF-Token header is missing or invalid',
      detail: 'CSRF check failed',
    })
  const header = (name: string): string | undefined => request.header(name)
  const isToken = (token: string): boolean => services.apiCookies.isToken(session, token)
  const problem = originProblem(header, apiCookie.origins) ?? csrfProblem(header, isToken)
  if (problem) throw crossSite(problem)
}

const crossSite = ({ description, detail }: CrossSiteProblem): OAuthError =>
  new OAuthError('access_denied', description, { detail })

/** Returns the response header of a GET with the token that the next change must send. */
export const csrfHeaders = (exchange: Exchange, { session }: SignedInUser): HttpResponse['headers'] => ({
  'X-CSRF-Token': exchange.services.csrf.tokenFor(exchange, session),
})

/**
 * Creates a personal access token for the signed-in user. It gets the epochs of the session, not the current ones: after
 * "sign out everywhere", a request that was under way gets no token.
 */
export function createForSignedInUser(
  { services, requestId }: Exchange,
  { session, user }: SignedInUser,
  params: PersonalTokenParams,
): Promise<PersonalTokenCreated | PersonalTokenRefusal> {
  const ref = { provider: session.provider, userId: session.userId }
  const epochs = { issuer: session.issuerEpoch, client: 0, user: session.userEpoch }
  return services.personalTokens.create({ user, ref, epochs }, params, { by: 'user', requestId })
}
