import type { Emission } from '../../events.ts'
import type { Settings } from '../../config/settings.ts'
import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { canUseGrant, type Client } from '../../model/client.ts'
import {
  DEVICE_GRANT,
  normalizeUserCode,
  type DeviceCode,
  type DeviceDecision,
} from '../../model/device-code.ts'
import type { Session } from '../../model/session.ts'
import type { DeviceCodeProps } from '../../pages/props.ts'
import type { Blocked } from '../../throttle/counter.ts'
import { checkedScopes, consentScopes, isEverythingUnchecked, optionalScopes } from '../consent-scopes.ts'
import type { Exchange } from '../endpoint.ts'
import { userCodeHashes } from '../user-code.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** A device that waits for its user. */
export interface PendingDevice {
  readonly code: DeviceCode
  readonly client: Client
}

/** A problem for the page, and the error for the log. */
export interface DeviceProblem {
  readonly problem: NonNullable<DeviceCodeProps['problem']>
  readonly error: OAuthError
}

/** An action on a device. Returns a string if it failed: the reason, for the log only. The page says that the code is invalid. */
type DeviceAction<Result> = (device: PendingDevice) => Promise<Result | string>

/**
 * Runs an action on the device with a user code. A failure counts as a guess, for the user and the address. A success clears
 * nothing, because anyone can get valid codes.
 */
export async function withPendingDevice<Result extends object>(
  exchange: Exchange,
  { session }: SignedInUser,
  input: string,
  action: DeviceAction<Result>,
): Promise<Result | DeviceProblem> {
  const { services, address } = exchange
  const userCode = normalizeUserCode(input)
  if (userCode === undefined) return incorrect('not a user code')
  const account = `user-code:${services.subjectOf(session)}`
  const attempt = await services.throttle.attempt({ address, account })
  if (attempt.blocked) return tooMany(attempt.blocked)
  try {
    const device = await findDevice(exchange, session.provider, userCode)
    const early = typeof device === 'string' ? undefined : await attempt.confirm()
    if (early) return tooMany(early)
    const result = typeof device === 'string' ? device : await action(device)
    if (typeof result !== 'string') return result
    const late = await attempt.fail()
    return late ? tooMany(late) : incorrect(result)
  } finally {
    await attempt.release()
  }
}

/** Claims a device for the user, in this session only. */
export async function claim(
  { services }: Exchange,
  { session }: SignedInUser,
  device: PendingDevice,
): Promise<PendingDevice | string> {
  const { id: sessionId, provider, userId, userEpoch } = session
  const { hash } = device.code
  const claim = { provider, userId, sessionId, userEpoch }
  const isClaimed = await services.store.deviceCodes.claim(hash, claim, services.settings.clock.now())
  return isClaimed ? device : 'the user code was already answered, or claimed by another user'
}

async function findDevice(
  exchange: Exchange,
  provider: string,
  userCode: string,
): Promise<PendingDevice | string> {
  const { settings, clients, store } = exchange.services
  const code = await store.deviceCodes.findByUserCode(userCodeHashes(exchange.services, userCode))
  if (!code) return 'unknown user code'
  exchange.auditFields.clientId = code.clientId
  if (code.voidedAt !== null) return 'the user code was revoked'
  if (code.expiresAt <= settings.clock.now()) return 'the user code has expired'
  const client = await clients.find(code.clientId)
  if (!client) return `client ${code.clientId} is unknown or revoked`
  if (client.provider !== provider) return `client ${client.id} belongs to the provider ${client.provider}`
  if (!canUseGrant(client, DEVICE_GRANT)) return `client ${client.id} lacks the grant ${DEVICE_GRANT}`
  return { code, client }
}

/** The page and the description are the same for every reason. */
const incorrect = (detail: string): DeviceProblem => ({
  problem: { kind: 'incorrect' },
  error: new OAuthError('invalid_request', 'The code is incorrect', { detail }),
})

const tooMany = ({ retryAfter, headers }: Blocked): DeviceProblem => ({
  problem: { kind: 'throttled', seconds: retryAfter },
  error: new OAuthError('too_many_requests', 'Too many incorrect codes. Try again later', { headers }),
})

/** The decision about a device. */
export interface DeviceAnswer {
  readonly client: Client
  readonly decision: DeviceDecision
}

/**
 * Records the user's decision, in the session that claimed the device: the form that approves it, or a denial. If it was
 * decided before (a double click, a reload), returns the first decision.
 */
export async function decide(
  exchange: Exchange,
  { session }: SignedInUser,
  { code, client }: PendingDevice,
  form: Form | 'denied',
): Promise<DeviceAnswer | string> {
  const { store, settings, subjectOf, events } = exchange.services
  const { deviceCodes } = store
  const scopes = form === 'denied' ? undefined : grantedScopes(code, form, settings)
  const decision = scopes ? 'approved' : 'denied'
  const answer = {
    sessionId: session.id,
    decision,
    subject: subjectOf(session),
    ...(scopes && { scopes }),
  } as const
  const isDecided = await events.commit(
    () => deviceCodes.decide(code.hash, answer, settings.clock.now()),
    (isWritten) => (isWritten ? [toEmission(exchange, { ...code, ...answer }, answer.subject)] : []),
  )
  if (isDecided) return { client, decision }
  const earlier = decisionOf(await deviceCodes.find(code.hash), session)
  return earlier ? { client, decision: earlier } : NOT_CLAIMED
}

/** Returns the scopes that the user granted. Undefined if they unchecked everything, which is a denial. */
function grantedScopes(
  { scopes: requested }: DeviceCode,
  form: Form,
  settings: Settings,
): readonly string[] | undefined {
  const scopes = checkedScopes(
    settings.scopes,
    requested,
    optionalScopes(consentScopes(requested, settings, [])),
    form,
  )
  return isEverythingUnchecked(requested, scopes) ? undefined : scopes
}

const NOT_CLAIMED = 'the user code was not claimed in this session'

const decisionOf = (code: DeviceCode | undefined, { id }: Session): DeviceDecision | null =>
  code?.claim?.sessionId === id ? code.decision : null

function toEmission(
  { requestId }: Exchange,
  { clientId, scopes, resources, decision }: DeviceCode,
  sub: string,
): Emission {
  const event = { requestId, clientId, sub }
  return decision === 'approved'
    ? ['consent.given', { ...event, scopes, resources }]
    : ['consent.denied', event]
}

/** Releases a device that this session claimed, so that another user can claim it. */
export async function release(
  { services }: Exchange,
  { session }: SignedInUser,
  device: PendingDevice,
): Promise<PendingDevice | string> {
  const isReleased = await services.store.deviceCodes.releaseClaim(device.code.hash, session.id)
  return isReleased ? device : NOT_CLAIMED
}
