import { OAuthError } from '../../errors.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { Exchange } from '../endpoint.ts'
import type { Session } from '../../model/session.ts'
import type { BaseUser } from '../../users/provider.ts'
import type { PersonalTokenCreated, PersonalTokenRefusal } from '../../personal-tokens/personal-tokens.ts'
import type { PersonalTokenParams } from '../../personal-tokens/params.ts'

/**
 * Who is signed in in the browser that calls the JSON API. A bearer token is not looked at: who has one must not be able
 * to make more of them.
 *
 * @throws OAuthError `login_required`
 */
export async function requireSignedInUser(exchange: Exchange, provider: string): Promise<SignedInUser> {
  const visitor = await findSignedInUser(exchange, provider)
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
export function requireCsrf({ services, request }: Exchange, { session }: SignedInUser): void {
  if (services.csrf.isValid(request, session.id, request.header('x-csrf-token'))) return
  const detail = 'anti-forgery check failed'
  throw new OAuthError('access_denied', 'The header X-CSRF-Token is missing or wrong', { detail })
}

/** The headers of the answer to a GET: what the next change must send, and the cookie that it is bound to. */
export function csrfHeaders(
  { services, request }: Exchange,
  { session }: SignedInUser,
): HttpResponse['headers'] {
  const { token, setCookie } = services.csrf.tokenFor(request, session.id)
  return { 'X-CSRF-Token': token, ...(setCookie !== undefined && { 'Set-Cookie': setCookie }) }
}

/** Who is signed in in the browser that a request came from. */
export interface SignedInUser {
  readonly session: Session
  readonly user: BaseUser
}

/** The person of a provider who is signed in; undefined for guests, and for who was disabled since. */
export async function findSignedInUser(
  exchange: Exchange,
  provider: string,
): Promise<SignedInUser | undefined> {
  const { sessions, userDirectory, subjectOf } = exchange.services
  const session = await sessions.current(exchange.request, provider)
  const user = session && (await userDirectory.find(session))
  if (!session || !user) return undefined
  exchange.auditFields.sub = subjectOf(session)
  return { session, user }
}

/**
 * Makes a personal access token for who is signed in, and for nobody else. It is born in the epochs of the session and
 * not in those of this moment: once the person was signed out everywhere, a request that was under way gets nothing.
 */
export function createForSignedInUser(
  { services, requestId }: Exchange,
  { session, user }: SignedInUser,
  wish: PersonalTokenParams,
): Promise<PersonalTokenCreated | PersonalTokenRefusal> {
  const ref = { provider: session.provider, userId: session.userId }
  const epochs = { issuer: session.issuerEpoch, client: 0, user: session.userEpoch }
  return services.personalTokens.create({ user, ref, epochs }, wish, requestId)
}
