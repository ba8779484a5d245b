import type { Form } from '../../lib/form.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { DeviceDecision } from '../../model/device-code.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery } from '../body.ts'
import { report } from '../report.ts'
import { redirectToSignIn } from '../return-to.ts'
import {
  claim,
  decide,
  type DeviceProblem,
  type PendingDevice,
  release,
  withPendingDevice,
} from './pending-device.ts'
import { codePage, consentPage, devicePathWith, donePage } from './device-pages.ts'
import { findSignedInUser, type SignedInUser } from './signed-in-user.ts'

/** What people type is never longer, however many spaces are in it. */
const LONGEST_CODE = 32

/** GET: where a person types in what a device shows (RFC 8628 section 3.3). A code in the address is filled in, and no more. */
export async function showDevice(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const userCode = userCodeIn(readQuery(exchange.request))
  const visitor = await findSignedInUser(exchange, provider)
  return visitor ? codePage(exchange, visitor, 200, { userCode }) : askToSignIn(exchange, provider, userCode)
}

/** POST: a code, or the answer to the question that followed it. Plain forms deny with `_method=DELETE`. */
export async function postDevice(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const form = await readForm(exchange.request)
  return form.get('_method')?.toUpperCase() === 'DELETE'
    ? receive(exchange, provider, form, 'deny')
    : receive(exchange, provider, form, form.get('intent'))
}

/** DELETE: the person denies. */
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
  const visitor = await findSignedInUser(exchange, provider)
  if (!visitor) return askToSignIn(exchange, provider, userCode)
  if (!csrf.isValid(exchange, visitor.session, form.get('csrf'))) {
    report(exchange, forgedForm())
    return codePage(exchange, visitor, 403, { userCode, problem: { kind: 'expired' } })
  }
  if (intent === 'approve') return answer(exchange, visitor, userCode, 'approved')
  if (intent === 'deny') return answer(exchange, visitor, userCode, 'denied')
  if (intent === 'switch') return switchAccount(exchange, visitor, userCode)
  return ask(exchange, visitor, userCode)
}

/** Too long for a code is none: it is not even shown again. */
function userCodeIn(form: Form): string {
  const text = form.get('user_code') ?? ''
  return text.length <= LONGEST_CODE ? text : ''
}

/** The first step: the code is claimed for this person, who is then asked. */
async function ask(exchange: Exchange, visitor: SignedInUser, userCode: string): Promise<HttpResponse> {
  const found = await withPendingDevice(exchange, visitor, userCode, (device) =>
    claim(exchange, visitor, device),
  )
  if ('problem' in found) return refuse(exchange, visitor, userCode, found)
  return consentPage(exchange, visitor, userCode, found)
}

/** The second step: what the person answers. */
async function answer(
  exchange: Exchange,
  visitor: SignedInUser,
  userCode: string,
  decision: DeviceDecision,
): Promise<HttpResponse> {
  const act = async (device: PendingDevice) => decide(exchange, visitor, device, decision)
  const settled = await withPendingDevice(exchange, visitor, userCode, act)
  return 'problem' in settled ? refuse(exchange, visitor, userCode, settled) : donePage(exchange, settled)
}

function refuse(
  exchange: Exchange,
  visitor: SignedInUser,
  userCode: string,
  { problem, error }: DeviceProblem,
): Promise<HttpResponse> {
  report(exchange, error)
  return codePage(exchange, visitor, error.status, { userCode, problem, headers: error.headers })
}

/**
 * Whoever signs in instead finds the code unclaimed, and filled in. A code that is not theirs to give back counts as a
 * guess: how long the answer takes would tell whether there is such a code.
 */
async function switchAccount(
  exchange: Exchange,
  visitor: SignedInUser,
  userCode: string,
): Promise<HttpResponse> {
  const found = await withPendingDevice(exchange, visitor, userCode, (device) =>
    release(exchange, visitor, device),
  )
  if ('problem' in found) report(exchange, found.error)
  return askToSignIn(exchange, visitor.session.provider, userCode, true)
}

const askToSignIn = (
  exchange: Exchange,
  provider: string,
  userCode: string,
  isForced = false,
): HttpResponse =>
  redirectToSignIn(exchange, provider, {
    returnTo: devicePathWith(exchange.services.settings, provider, userCode),
    isForced,
  })
