import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import { consentEntries } from '../../model/consent.ts'
import { isSameScope } from '../../model/scope.ts'
import type { ConsentRequest } from '../../model/signed-state.ts'
import type { Session } from '../../model/session.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery } from '../body.ts'
import { checkedScopes, isEverythingUnchecked } from '../consent-scopes.ts'
import { followLocales } from '../languages.ts'
import { pathsOf } from '../paths.ts'
import { lookUpViewer } from '../viewer.ts'
import { redirectWithError, respond } from './authorization-response.ts'
import {
  checkRequest,
  findTarget,
  type AuthorizationRequest,
  type ResponseTarget,
} from './authorization-request.ts'
import { createCode, type CreatedCode } from './code.ts'
import { findEarlierConsent } from './earlier-consent.ts'

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
  if (!consent)
    throw new OAuthError('invalid_request', 'This form was open too long', { reason: 'expired_form' })
  followLocales(exchange, `?${consent.query}`)
  const { session, user } = await lookUpViewer(exchange, consent.provider)
  // Another user is signed in, or none: they must be asked themselves.
  if (!session || !user || session.id !== consent.sessionId) return restart(exchange, consent)
  if (!services.csrf.isValid(exchange, session, form.get('csrf'))) throw forgedForm()
  return decide(exchange, { consent, session, form, isApproved })
}

const restart = ({ services }: Exchange, { query }: ConsentRequest): HttpResponse =>
  redirect(`${pathsOf(services.settings).authorize}?${query}`)

/** A form that its user has submitted. */
interface Submission {
  readonly consent: ConsentRequest
  readonly session: Session
  readonly form: Form
  readonly isApproved: boolean
}

async function decide(exchange: Exchange, submission: Submission): Promise<HttpResponse> {
  const { services, request } = exchange
  const { consent, session, form, isApproved } = submission
  const again = { ...exchange, request: { ...request, query: consent.query } }
  const query = readQuery(again.request)
  const target = await findTarget(services, query)
  const requested = checkRequest(services.settings, target, query)
  const sub = services.subjectOf(session)
  Object.assign(exchange.auditFields, { clientId: target.client.id, sub })
  const scopes = checkedScopes(services.settings.scopes, requested.scopes, consent.choices ?? [], form)
  if (!isApproved || isEverythingUnchecked(requested.scopes, scopes)) {
    services.events.emit('consent.denied', { ...toEvent(exchange, target), sub })
    return redirectWithError(exchange, target, new OAuthError('access_denied', 'The user denied the request'))
  }
  if (!isAsShown(requested, consent)) return restart(exchange, consent)
  return allow(again, { ...requested, scopes }, submission)
}

/** A request without `scope` or `redirect_uri` depends on the client, which its owner may have changed since the page was opened. */
const isAsShown = ({ scopes, redirectUri }: AuthorizationRequest, consent: ConsentRequest): boolean =>
  redirectUri === consent.redirectUri && isSameScope(scopes, consent.scopes)

const toEvent = ({ requestId }: Exchange, { client }: ResponseTarget) => ({ requestId, clientId: client.id })

async function allow(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  { consent, session }: Submission,
): Promise<HttpResponse> {
  const { events, subjectOf } = exchange.services
  const created = await createCode(exchange, authorizationRequest, session, consent.nonce)
  if (!created) return respond(exchange, authorizationRequest, undefined)
  if (await isWithdrawn(exchange, authorizationRequest, { consent, session }))
    return restart(exchange, consent)
  const { scopes, resources } = created.row
  const event = { ...toEvent(exchange, authorizationRequest), sub: subjectOf(session), scopes, resources }
  await events.commit(
    () => remember(exchange, authorizationRequest, created),
    () => [['consent.given', event]],
  )
  return respond(exchange, authorizationRequest, created)
}

/**
 * Returns whether the user has revoked what the page showed as allowed before. Called when the code exists: a later
 * revocation voids the code.
 */
async function isWithdrawn(
  exchange: Exchange,
  authorizationRequest: AuthorizationRequest,
  { consent: { allowed: shown = [] }, session }: Pick<Submission, 'consent' | 'session'>,
): Promise<boolean> {
  if (shown.length === 0) return false
  const { allowed } = await findEarlierConsent(exchange, authorizationRequest, session)
  return shown.some((scope) => !allowed.includes(scope))
}

/**
 * Remembers a consent, unless the user has disconnected the client since its code was created, which voids the code: a form
 * that was submitted before must not restore the consent. If it was submitted with other choices, the first ones count.
 */
async function remember(
  { services: { store, settings } }: Exchange,
  { client }: AuthorizationRequest,
  { row }: CreatedCode,
): Promise<boolean> {
  const { clock, audience } = settings
  return store.consents.add(row, client.id, consentEntries(row, audience), clock.now(), row.hash)
}
