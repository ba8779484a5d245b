import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import { consentEntries } from '../../model/consent.ts'
import type { ConsentRequest } from '../../model/signed-state.ts'
import type { Session } from '../../model/session.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery } from '../body.ts'
import { pathsOf } from '../paths.ts'
import { redirectWithError, respond } from './authorization-response.ts'
import { checkRequest, findTarget, type AuthorizationRequest } from './authorization-request.ts'
import { createCode, type CreatedCode } from './code.ts'

/** DELETE: handles a denied consent form. */
export async function deny(exchange: Exchange): Promise<HttpResponse> {
  return submit(exchange, await readForm(exchange.request), false)
}

/** Handles a consent form. HTML forms deny with `_method=DELETE`. */
export const submitConsent = (exchange: Exchange, form: Form): Promise<HttpResponse> =>
  submit(exchange, form, form.get('_method')?.toUpperCase() !== 'DELETE')

async function submit(exchange: Exchange, form: Form, isApproved: boolean): Promise<HttpResponse> {
  const { services } = exchange
  const consent = services.consentSigner.verify(form.get('consent') ?? '')
  if (!consent) throw new OAuthError('invalid_request', 'This form was open too long')
  const session = await services.sessions.current(exchange, consent.provider)
  const user = session && (await services.userDirectory.find(session))
  // Another user is signed in, or none: they must be asked themselves.
  if (!user || session.id !== consent.sessionId) return restart(exchange, consent)
  if (!services.csrf.isValid(exchange, session, form.get('csrf'))) throw forgedForm()
  return decide(exchange, consent, session, isApproved)
}

const restart = ({ services }: Exchange, { query }: ConsentRequest): HttpResponse =>
  redirect(`${pathsOf(services.settings).authorize}?${query}`)

async function decide(
  exchange: Exchange,
  consent: ConsentRequest,
  session: Session,
  isApproved: boolean,
): Promise<HttpResponse> {
  const { services, request, requestId } = exchange
  const form = readQuery({ ...request, query: consent.query })
  const target = await findTarget(services, form)
  const authorizationRequest = checkRequest(services.settings, target, form)
  const event = { requestId, clientId: target.client.id, sub: services.subjectOf(session) }
  Object.assign(exchange.auditFields, { clientId: event.clientId, sub: event.sub })
  if (!isApproved) {
    services.events.emit('consent.denied', event)
    return redirectWithError(exchange, target, new OAuthError('access_denied', 'The user denied the request'))
  }
  const again = { ...exchange, request: { ...request, query: consent.query } }
  const created = await createCode(again, authorizationRequest, session, consent.nonce)
  if (created) {
    await remember(exchange, authorizationRequest, created)
    const { scopes, resources } = authorizationRequest
    services.events.emit('consent.given', { ...event, scopes, resources })
  }
  return respond(again, authorizationRequest, created)
}

/**
 * Remembers a consent, unless the user has disconnected the client since its code was created, which voids the code: a form
 * that was submitted before must not restore the consent.
 */
async function remember(
  { services: { store, settings } }: Exchange,
  authorizationRequest: AuthorizationRequest,
  { row }: CreatedCode,
): Promise<void> {
  const { clock, audience } = settings
  const entries = consentEntries(authorizationRequest, audience)
  await store.consents.add(row, authorizationRequest.client.id, entries, clock.now(), row.hash)
}
