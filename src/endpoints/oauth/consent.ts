import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { ConsentRequest } from '../../model/signed-state.ts'
import type { Session } from '../../model/session.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery } from '../body.ts'
import { pathsOf } from '../paths.ts'
import { redirectWithError, respond } from './authorization-response.ts'
import { checkRequest, findTarget, type AuthorizationRequest } from './authorization-request.ts'
import { createCode, type CreatedCode } from './code.ts'

/** DELETE: the person denies. Plain forms say it with `_method=DELETE`. */
export async function deny(exchange: Exchange): Promise<HttpResponse> {
  return settle(exchange, await readForm(exchange.request), false)
}

/** A consent form comes back: approved, or denied with `_method=DELETE`. */
export const answerConsent = (exchange: Exchange, form: Form): Promise<HttpResponse> =>
  settle(exchange, form, form.get('_method')?.toUpperCase() !== 'DELETE')

async function settle(exchange: Exchange, form: Form, isApproved: boolean): Promise<HttpResponse> {
  const { services } = exchange
  const consent = services.consentSigner.verify(form.get('consent') ?? '')
  if (!consent)
    throw new OAuthError('invalid_request', 'This form was open too long: go back to the application')
  const session = await services.sessions.current(exchange, consent.provider)
  const user = session && (await services.userDirectory.find(session))
  if (!user || session.id !== consent.sessionId) return askAgain(exchange, consent)
  if (!services.csrf.isValid(exchange, session, form.get('csrf'))) throw forgedForm()
  return decide(exchange, consent, session, isApproved)
}

/** Somebody else is signed in than the page was shown to, or nobody, or somebody disabled: they are asked for themselves. */
const askAgain = ({ services }: Exchange, { query }: ConsentRequest): HttpResponse =>
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
  const about = { requestId, clientId: target.client.id, sub: services.subjectOf(session) }
  Object.assign(exchange.auditFields, { clientId: about.clientId, sub: about.sub })
  if (!isApproved) {
    services.events.emit('consent.denied', about)
    return redirectWithError(exchange, target, new OAuthError('access_denied', 'The user denied the request'))
  }
  const again = { ...exchange, request: { ...request, query: consent.query } }
  const created = await createCode(again, authorizationRequest, session, consent.nonce)
  if (created) {
    await remember(exchange, authorizationRequest, created)
    services.events.emit('consent.given', { ...about, scopes: authorizationRequest.scopes })
  }
  return respond(again, authorizationRequest, created)
}

/**
 * Remembers a consent, once its code is written down: a form that was answered before must not bring back what was taken
 * back since. Whoever takes consent back voids its codes, so what was taken back in between is seen, and forgotten.
 */
async function remember(
  { services: { store, settings } }: Exchange,
  { client, scopes }: AuthorizationRequest,
  { row }: CreatedCode,
): Promise<void> {
  const now = settings.clock.now()
  await store.consents.add(row, client.id, scopes, now)
  const code = await store.codes.find(row.hash)
  if (code?.voidedAt !== null) await store.consents.delete(row, client.id, now)
}
