import { OAuthError } from '../../errors.ts'
import { canUseGrant, type Client } from '../../model/client.ts'
import {
  DEVICE_GRANT,
  normalizeUserCode,
  type DeviceCode,
  type DeviceDecision,
} from '../../model/device-code.ts'
import type { DeviceCodeProps } from '../../pages/props.ts'
import type { Blocked } from '../../throttle/counter.ts'
import type { Exchange } from '../endpoint.ts'
import type { Services } from '../services.ts'
import { userCodeHashes } from '../user-code.ts'
import type { SignedInUser } from './signed-in-user.ts'
import type { Session } from '../../model/session.ts'

/** A device that waits for its person. */
export interface PendingDevice {
  readonly code: DeviceCode
  readonly client: Client
}

/** What the person is told, and the log. */
export interface DeviceProblem {
  readonly problem: NonNullable<DeviceCodeProps['problem']>
  readonly error: OAuthError
}

/** What was done with a device; a text says why it could not be: for the log, for the person it was a wrong code. */
type DeviceAction<Result> = (device: PendingDevice) => Promise<Result | string>

/**
 * Does something with the device that shows this code. What fails counts as a guess at codes, against the person and
 * the address; what succeeds clears nothing, since everybody can get codes that are right.
 */
export async function withPendingDevice<Result extends object>(
  exchange: Exchange,
  { session }: SignedInUser,
  typed: string,
  act: DeviceAction<Result>,
): Promise<Result | DeviceProblem> {
  const { services, address } = exchange
  const userCode = normalizeUserCode(typed)
  if (userCode === undefined) return incorrect('this cannot be a user code')
  const account = `user-code:${services.subjectOf(session)}`
  const ticket = await services.throttle.attempt({ address, account })
  if (ticket.blocked) return tooMany(ticket.blocked)
  try {
    const device = await findDevice(exchange, session.provider, userCode)
    const result = typeof device === 'string' ? device : await act(device)
    if (typeof result !== 'string') return result
    await ticket.fail()
    return incorrect(result)
  } finally {
    await ticket.release()
  }
}

/** Claims a device for the person, and for this session alone. */
export async function claim(
  { services }: Exchange,
  { session }: SignedInUser,
  device: PendingDevice,
): Promise<PendingDevice | string> {
  const { id: sessionId, provider, userId, userEpoch } = session
  const { hash } = device.code
  const claim = { provider, userId, sessionId, userEpoch }
  const isClaimed = await services.store.deviceCodes.claim(hash, claim, services.settings.clock.now())
  return isClaimed ? device : 'the user code was answered, or somebody else has claimed it'
}

async function findDevice(
  exchange: Exchange,
  provider: string,
  userCode: string,
): Promise<PendingDevice | string> {
  const { settings, clients } = exchange.services
  const code = await findCode(exchange.services, userCode)
  if (!code) return 'no such user code'
  exchange.auditFields.clientId = code.clientId
  if (code.voidedAt !== null) return 'the user code was revoked'
  if (code.expiresAt <= settings.clock.now()) return 'the user code has expired'
  const client = await clients.find(code.clientId)
  if (client?.provider !== provider) return `client ${code.clientId} is for the people of ${client?.provider}`
  if (!canUseGrant(client, DEVICE_GRANT)) return `client ${client.id} lacks the grant ${DEVICE_GRANT}`
  return { code, client }
}

/** The row of a normalized user code, over or not. */
const findCode = (services: Services, userCode: string): Promise<DeviceCode | undefined> =>
  services.store.deviceCodes.findByUserCode(userCodeHashes(services, userCode))

/** The same words whatever is wrong with it. */
const incorrect = (detail: string): DeviceProblem => ({
  problem: { kind: 'incorrect' },
  error: new OAuthError('invalid_request', 'The code is incorrect', { detail }),
})

const tooMany = ({ retryAfter, headers }: Blocked): DeviceProblem => ({
  problem: { kind: 'throttled', seconds: retryAfter },
  error: new OAuthError('too_many_requests', 'Too many wrong codes: wait before you try again', { headers }),
})

/** What a device was told. */
export interface DeviceAnswer {
  readonly client: Client
  readonly decision: DeviceDecision
}

/**
 * Writes down what the person answers, in the session that has claimed the device. Who answers twice (a double click, a
 * reload) is told what was answered first. A text says for the log why it cannot be answered.
 */
export async function decide(
  exchange: Exchange,
  { session }: SignedInUser,
  { code, client }: PendingDevice,
  decision: DeviceDecision,
): Promise<DeviceAnswer | string> {
  const { store, settings, subjectOf } = exchange.services
  const { deviceCodes } = store
  const answer = { sessionId: session.id, decision, subject: subjectOf(session) }
  if (await deviceCodes.decide(code.hash, answer, settings.clock.now())) {
    tell(exchange, code, answer.subject, decision)
    return { client, decision }
  }
  const given = decisionOf(await deviceCodes.find(code.hash), session)
  return given ? { client, decision: given } : NOT_CLAIMED
}

const NOT_CLAIMED = 'the user code was not claimed in this session'

/** What was answered in this very session. */
const decisionOf = (code: DeviceCode | undefined, { id }: Session): DeviceDecision | null =>
  code?.claim?.sessionId === id ? code.decision : null

function tell(
  { services, requestId }: Exchange,
  { clientId, scopes }: DeviceCode,
  sub: string,
  decision: DeviceDecision,
): void {
  if (decision === 'approved') services.events.emit('consent.given', { requestId, clientId, sub, scopes })
  else services.events.emit('consent.denied', { requestId, clientId, sub })
}

/**
 * Gives a device back that was claimed in this session, so that somebody else can claim it. A text says for the log why
 * it cannot be given back.
 */
export async function release(
  { services }: Exchange,
  { session }: SignedInUser,
  device: PendingDevice,
): Promise<PendingDevice | string> {
  const isReleased = await services.store.deviceCodes.releaseClaim(device.code.hash, session.id)
  return isReleased ? device : NOT_CLAIMED
}
