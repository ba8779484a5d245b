import { OAuthError } from '../../errors.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { Client } from '../../model/client.ts'
import type { Exchange } from '../endpoint.ts'
import { readForm, readQuery } from '../body.ts'
import { pathsOf } from '../paths.ts'
import { redirectToSignIn } from '../return-to.ts'
import { lookUpViewer } from '../viewer.ts'
import { redirectWithError, respond } from './authorization-response.ts'
import { checkLength, checkRequest, findTarget, type AuthorizationRequest } from './authorization-request.ts'
import { submitConsent } from './consent.ts'
import { askForConsent } from './consent-page.ts'
import { createCodeSilently } from './earlier-consent.ts'
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
  const { client, prompts } = authorizationRequest
  const { session, user } = await lookUpViewer(exchange, client.provider)
  if (session) exchange.auditFields.sub = services.subjectOf(session)
  const isTooOld = session && isSignInForced(authorizationRequest, session, services.settings.clock)
  if (!session || !user || isTooOld) return askToSignIn(exchange, authorizationRequest, user !== undefined)
  const result = await createCodeSilently(exchange, authorizationRequest, session, user)
  if (result.kind === 'created') return respond(exchange, authorizationRequest, result.created)
  if (prompts.has('none')) throw new OAuthError('consent_required', 'The user has not given consent')
  return askForConsent(exchange, authorizationRequest, { session, user, allowed: result.allowed })
}

/** Redirects to the sign-in page, unless the client wants no page. */
async function askToSignIn(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  isSignedIn: boolean,
): Promise<HttpResponse> {
  const { settings } = exchange.services
  const { client, prompts } = authorizationRequest
  if (prompts.has('none')) throw signInRequired(exchange, client, isSignedIn)
  const query = withoutForcedSignIn(exchange.request.query, prompts)
  const returnTo = `${pathsOf(settings).authorize}?${query}`
  // At the app, a guest may turn out to be signed in already, by a sign-in that is too old.
  const isForced = isSignInForced(authorizationRequest, { authenticatedAt: 0 }, settings.clock)
  return redirectToSignIn(exchange, client.provider, { returnTo, isForced })
}

/** The error for `prompt=none`. An app that starts our sessions itself may have a user: only its page can tell. */
function signInRequired({ services }: Exchange, { provider }: Client, isSignedIn: boolean): OAuthError {
  const app = services.settings.appSessions.get(provider)
  if (!isSignedIn && app && !app.current)
    return new OAuthError('interaction_required', 'The user must open the sign-in page of the app')
  const description = isSignedIn ? 'The sign-in is too old' : 'The user is not signed in'
  return new OAuthError('login_required', description)
}
