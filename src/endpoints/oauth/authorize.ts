import { OAuthError } from '../../errors.ts'
import { randomBase64url } from '../../lib/hash.ts'
import { json, prefersJson, redirect, type HttpResponse } from '../../lib/http.ts'
import { isFirstParty } from '../../model/client.ts'
import { coversAccess } from '../../model/consent.ts'
import type { Session } from '../../model/session.ts'
import { formTargetsOf } from '../../pages/headers.ts'
import { displayNameOf, type BaseUser } from '../../users/provider.ts'
import { describeClient, describeResources, describeScopes, languagesOf } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { readForm, readQuery } from '../body.ts'
import { page } from '../page.ts'
import { pathsOf, providerPathsOf } from '../paths.ts'
import { report } from '../report.ts'
import { redirectToSignIn, signReturnTo } from '../return-to.ts'
import { redirectWithError, respond } from './authorization-response.ts'
import {
  checkLength,
  checkRequest,
  findTarget,
  type ResponseTarget,
  type AuthorizationRequest,
} from './authorization-request.ts'
import { createCode } from './code.ts'
import { submitConsent } from './consent.ts'
import { isSignInForced, withoutForcedSignIn } from './forced-sign-in.ts'

/** GET: handles an authorization request (RFC 6749 section 3.1). Asks the user to sign in and consent if necessary. */
export async function authorize(exchange: Exchange): Promise<HttpResponse> {
  checkLength(exchange.request.query)
  const form = readQuery(exchange.request)
  const target = await findTarget(exchange.services, form)
  exchange.auditFields.clientId = target.client.id
  try {
    return await proceed(exchange, checkRequest(exchange.services.settings, target, form))
  } catch (thrown) {
    if (thrown instanceof OAuthError) return redirectWithError(exchange, target, thrown)
    throw thrown
  }
}

/** POST: handles a consent form, or redirects an authorization request in the body (RFC 6749 section 3.1) to a GET. */
export async function postAuthorize(exchange: Exchange): Promise<HttpResponse> {
  const form = await readForm(exchange.request)
  if (form.get('consent') !== undefined) return submitConsent(exchange, form)
  const query = new URLSearchParams([...form.entries()]).toString()
  checkLength(query)
  return redirect(`${pathsOf(exchange.services.settings).authorize}?${query}`)
}

async function proceed(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
): Promise<HttpResponse> {
  const { services } = exchange
  const { provider } = authorizationRequest.client
  const isSilent = authorizationRequest.prompts.has('none')
  const session = await services.sessions.current(exchange, provider)
  const user = session && (await services.userDirectory.find(session))
  if (session) exchange.auditFields.sub = services.subjectOf(session)
  const { clock } = services.settings
  // With `prompt=none`, the other prompts have no effect. `max_age` still does.
  const forcing = isSilent ? { ...authorizationRequest, prompts: NO_PROMPTS } : authorizationRequest
  if (!session || !user || isSignInForced(forcing, session, clock)) {
    if (isSilent)
      throw new OAuthError('login_required', user ? 'The sign-in is too old' : 'The user is not signed in')
    const query = withoutForcedSignIn(exchange.request.query, authorizationRequest.prompts)
    const returnTo = `${pathsOf(services.settings).authorize}?${query}`
    // At the app, a guest may turn out to be signed in already, by a sign-in that is too old.
    const isForced = user !== undefined || isSignInForced(forcing, { authenticatedAt: 0 }, clock)
    return redirectToSignIn(exchange, provider, { returnTo, isForced })
  }
  if (await hasConsent(exchange, authorizationRequest, session)) {
    const created = await createCode(exchange, authorizationRequest, session, randomBase64url(32))
    // If the consent was revoked before the code was inserted, that revocation did not void the code.
    const isAllowed = await hasConsent(exchange, authorizationRequest, session)
    return isAllowed
      ? respond(exchange, authorizationRequest, created)
      : proceed(exchange, authorizationRequest)
  }
  if (isSilent) throw new OAuthError('consent_required', 'The user has not given consent')
  if (prefersJson(exchange.request)) return consentRequired(exchange)
  return askForConsent(exchange, authorizationRequest, session, user)
}

/** Returns whether the user need not be asked: the client skips consent, or the user has allowed this before. */
async function hasConsent(
  { services }: Exchange,
  authorizationRequest: AuthorizationRequest,
  session: Session,
): Promise<boolean> {
  const { client, prompts } = authorizationRequest
  if (prompts.has('consent') || !canAssumeConsent(authorizationRequest)) return false
  if (client.skipsConsent && isFirstParty(client)) return true
  const allowed = await services.store.consents.find(session, client.id)
  const { scopes, audience } = services.settings
  return allowed !== undefined && coversAccess(scopes, allowed, authorizationRequest, audience)
}

/**
 * Returns whether consent can be assumed or remembered. Not for a public client without an https redirect URI: any app on
 * the device can impersonate it (RFC 8252 section 8.6).
 */
const canAssumeConsent = ({ client, redirectUri }: ResponseTarget): boolean =>
  client.type === 'confidential' || redirectUri.startsWith('https://')

/** Tells a caller that asked for JSON where the user can consent. */
function consentRequired(exchange: Exchange): HttpResponse {
  const { services, request } = exchange
  const { issuer } = services.settings
  const error = new OAuthError('consent_required', 'Open consent_uri in a browser')
  report(exchange, error)
  const { href } = new URL(`${pathsOf(services.settings).authorize}?${request.query}`, issuer)
  return json(error.status, { ...error.toJSON(), consent_uri: href })
}

async function askForConsent(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  session: Session,
  user: BaseUser,
): Promise<HttpResponse> {
  const { settings, csrf, consentSigner } = exchange.services
  const { authorize: action } = pathsOf(settings)
  const { signIn } = providerPathsOf(settings, session.provider)
  const { query } = exchange.request
  const token = csrf.tokenFor(exchange, session)
  const consent = consentSigner.sign({
    query,
    sessionId: session.id,
    provider: session.provider,
    nonce: randomBase64url(32),
  })
  const hidden = { csrf: token, consent }
  const returnTo = signReturnTo(exchange.services, session.provider, `${action}?${query}`)
  const props = {
    client: describeClient(authorizationRequest.client, authorizationRequest.redirectUri),
    scopes: describeScopes(
      authorizationRequest.scopes,
      settings,
      languagesOf(exchange, authorizationRequest.uiLocales),
    ),
    resources: describeResources(authorizationRequest.resources, settings),
    userName: displayNameOf(user),
    approve: { action, hidden },
    deny: { action, hidden: { ...hidden, _method: 'DELETE' } },
    switchAccount: { action: signIn, hidden: { intent: 'switch', return_to: returnTo } },
  }
  const formTargets = formTargetsOf(authorizationRequest.redirectUri)
  return page(exchange, 200, 'consent', props, { formTargets })
}

const NO_PROMPTS: ReadonlySet<string> = new Set()
