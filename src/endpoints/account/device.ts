import type { Form } from '../../lib/form.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery } from '../body.ts'
import { report } from '../report.ts'
import { redirectToSignIn } from '../return-to.ts'
import { claim, decide, type DeviceProblem, release, withPendingDevice } from './pending-device.ts'
import { codePage, consentPage, devicePathWith, donePage } from './device-pages.ts'
import { findSignedInUser, type SignedInUser } from './signed-in-user.ts'

/** Longer than any code that a user enters, with all its spaces. */
const MAX_CODE_LENGTH = 32

/** GET: shows the form for the code on a device (RFC 8628 section 3.3). A code in the URL only prefills it. */
export async function showDevice(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const userCode = userCodeIn(readQuery(exchange.request))
  const signedIn = await findSignedInUser(exchange, provider)
  return signedIn
    ? codePage(exchange, signedIn, 200, { userCode })
    : askToSignIn(exchange, provider, userCode)
}

/** POST: looks up a code, or approves or denies it. Plain forms deny with `_method=DELETE`. */
export async function postDevice(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const form = await readForm(exchange.request)
  return form.get('_method')?.toUpperCase() === 'DELETE'
    ? receive(exchange, provider, form, 'deny')
    : receive(exchange, provider, form, form.get('intent'))
}

/** DELETE: denies. */
export const denyDevice = async (exchange: Exchange, provider: string): Promise<HttpResponse> =>
  receive(exchange, provider, await readForm(exchange.request), 'deny')

async function receive(
  exchange: Exchange,
  provider: string,
  form: Form,
  intent: string | undefined,
): Promise<HttpResponse> {
  const { csrf } = exchange.services
  const userCode = userCodeIn(form)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider, userCode)
  if (!csrf.isValid(exchange, signedIn.session, form.get('csrf'))) {
    report(exchange, forgedForm())
    return codePage(exchange, signedIn, 403, { userCode, problem: { kind: 'expired' } })
  }
  if (intent === 'approve') return answer(exchange, signedIn, userCode, form)
  if (intent === 'deny') return answer(exchange, signedIn, userCode, 'denied')
  if (intent === 'switch') return switchAccount(exchange, signedIn, userCode)
  return ask(exchange, signedIn, userCode)
}

/** Text that is too long for a code is dropped, and not shown again. */
function userCodeIn(form: Form): string {
  const text = form.get('user_code') ?? ''
  return text.length <= MAX_CODE_LENGTH ? text : ''
}

/** The first step: claims the code for this user, and asks for consent. */
async function ask(exchange: Exchange, signedIn: SignedInUser, userCode: string): Promise<HttpResponse> {
  const found = await withPendingDevice(exchange, signedIn, userCode, (device) =>
    claim(exchange, signedIn, device),
  )
  if ('problem' in found) return refuse(exchange, signedIn, userCode, found)
  return consentPage(exchange, signedIn, userCode, found)
}

/** The second step: records the user's decision. An approving form has the scopes that the user checked. */
async function answer(
  exchange: Exchange,
  signedIn: SignedInUser,
  userCode: string,
  decision: Form | 'denied',
): Promise<HttpResponse> {
  const outcome = await withPendingDevice(exchange, signedIn, userCode, (device) =>
    decide(exchange, signedIn, device, decision),
  )
  return 'problem' in outcome ? refuse(exchange, signedIn, userCode, outcome) : donePage(exchange, outcome)
}

function refuse(
  exchange: Exchange,
  signedIn: SignedInUser,
  userCode: string,
  { problem, error }: DeviceProblem,
): Promise<HttpResponse> {
  report(exchange, error)
  return codePage(exchange, signedIn, error.status, { userCode, problem, headers: error.headers })
}

/**
 * Releases the code, so that the other account finds it unclaimed and prefilled. A code that this session has not claimed
 * counts as a guess: the response time would tell whether it exists.
 */
async function switchAccount(
  exchange: Exchange,
  signedIn: SignedInUser,
  userCode: string,
): Promise<HttpResponse> {
  const found = await withPendingDevice(exchange, signedIn, userCode, (device) =>
    release(exchange, signedIn, device),
  )
  if ('problem' in found) report(exchange, found.error)
  return askToSignIn(exchange, signedIn.session.provider, userCode, true)
}

const askToSignIn = (
  exchange: Exchange,
  provider: string,
  userCode: string,
  isForced = false,
): Promise<HttpResponse> =>
  redirectToSignIn(exchange, provider, {
    returnTo: devicePathWith(exchange.services.settings, provider, userCode),
    isForced,
  })
