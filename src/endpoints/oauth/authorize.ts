import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { randomBase64url } from '../../lib/hash.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import { isFirstParty } from '../../model/client.ts'
import { coversScopes } from '../../model/scope.ts'
import type { Session } from '../../model/session.ts'
import { formTargetsOf } from '../../pages/headers.ts'
import { displayNameOf, type BaseUser } from '../../users/provider.ts'
import { describeScopes, hostOf } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { readForm, readQuery } from '../body.ts'
import { page } from '../page.ts'
import { pathsOf, providerPathsOf } from '../paths.ts'
import { signInUrl } from '../return-to.ts'
import { redirectWithError, respond } from './authorization-response.ts'
import {
  checkRequest,
  findTarget,
  type ResponseTarget,
  type AuthorizationRequest,
} from './authorization-request.ts'
import { createCode } from './code.ts'
import { answerConsent } from './consent.ts'

/** The authorization endpoint (RFC 6749 section 3.1): asks the person to sign in and to consent, or answers at once. */
export async function authorize(exchange: Exchange): Promise<HttpResponse> {
  const form = readQuery(exchange.request)
  const target = await findTarget(exchange.services, form)
  exchange.auditFields.clientId = target.client.id
  try {
    return await proceed(exchange, checkRequest(exchange.services.settings, target, form), form)
  } catch (thrown) {
    if (thrown instanceof OAuthError) return redirectWithError(exchange, target, thrown)
    throw thrown
  }
}

/** POST: the answer of a consent form, or an authorization request in a body (RFC 6749 section 3.1), which becomes a GET. */
export async function postAuthorize(exchange: Exchange): Promise<HttpResponse> {
  const form = await readForm(exchange.request)
  if (form.get('consent') !== undefined) return answerConsent(exchange, form)
  const { authorize: path } = pathsOf(exchange.services.settings)
  return redirect(`${path}?${new URLSearchParams([...form.entries()]).toString()}`)
}

async function proceed(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  form: Form,
): Promise<HttpResponse> {
  const { services } = exchange
  const { provider } = authorizationRequest.client
  const isSilent = authorizationRequest.prompts.has('none')
  const session = await services.sessions.current(exchange, provider)
  const user = session && (await services.userDirectory.find(session))
  if (session) exchange.auditFields.sub = services.subjectOf(session)
  if (!session || !user || (authorizationRequest.prompts.has('login') && !isSilent)) {
    if (isSilent) throw new OAuthError('login_required', 'The person is not signed in')
    const returnTo = `${pathsOf(services.settings).authorize}?${withoutLoginPrompt(form)}`
    return redirect(signInUrl(services, provider, returnTo, user !== undefined))
  }
  if (await hasConsent(exchange, authorizationRequest, session)) {
    const created = await createCode(exchange, authorizationRequest, session, randomBase64url(32))
    // A consent that was taken back before the code was written down did not void it, but is seen to be gone now.
    const isAllowed = await hasConsent(exchange, authorizationRequest, session)
    return isAllowed
      ? respond(exchange, authorizationRequest, created)
      : proceed(exchange, authorizationRequest, form)
  }
  if (isSilent) throw new OAuthError('consent_required', 'The person has not consented')
  return askForConsent(exchange, authorizationRequest, session, user)
}

/** Whether nobody needs to be asked: the client is trusted, or all of this was allowed before. */
async function hasConsent(
  { services }: Exchange,
  authorizationRequest: AuthorizationRequest,
  session: Session,
): Promise<boolean> {
  const { client, scopes, prompts } = authorizationRequest
  if (prompts.has('consent') || !canAssumeConsent(authorizationRequest)) return false
  if (client.skipsConsent && isFirstParty(client)) return true
  const allowed = await services.store.consents.find(session, client.id)
  return allowed !== undefined && coversScopes(allowed, scopes)
}

/**
 * Whether earlier consent may be relied on. Not for a public client without an https redirect of its own: any program
 * on the device can pose as it (RFC 8252 section 8.6).
 */
const canAssumeConsent = ({ client, redirectUri }: ResponseTarget): boolean =>
  client.type === 'confidential' || redirectUri.startsWith('https://')

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
  const props = {
    client: { name: authorizationRequest.client.name, host: hostOf(authorizationRequest.redirectUri) },
    scopes: describeScopes(authorizationRequest.scopes, settings),
    userName: displayNameOf(user),
    approve: { action, hidden },
    deny: { action, hidden: { ...hidden, _method: 'DELETE' } },
    switchAccount: { action: signIn, hidden: { intent: 'switch', return_to: `${action}?${query}` } },
  }
  const formTargets = formTargetsOf(authorizationRequest.redirectUri)
  return page(exchange, 200, 'consent', props, { formTargets })
}

/** The same request, as it is to be made after the person has signed in again. */
function withoutLoginPrompt(form: Form): string {
  const parameters = new URLSearchParams([...form.entries()])
  const rest = (form.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== 'login' && prompt !== '')
  if (rest.length > 0) parameters.set('prompt', rest.join(' '))
  else parameters.delete('prompt')
  return parameters.toString()
}
