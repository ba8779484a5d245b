import type { Client } from '../../model/client.ts'
import type { DeviceCode, DeviceDecision } from '../../model/device-code.ts'
import type { Session } from '../../model/session.ts'
import type { Exchange } from '../endpoint.ts'
import type { Device } from './device-look-up.ts'
import type { Visitor } from './visitor.ts'

/** What a device was told. */
export interface Settled {
  readonly client: Client
  readonly decision: DeviceDecision
}

/**
 * Writes down what the person answers, in the session that has claimed the device. Who answers twice (a double click, a
 * reload) is told what was answered first. A text says for the log why it cannot be answered.
 */
export async function decide(
  exchange: Exchange,
  { session }: Visitor,
  { code, client }: Device,
  decision: DeviceDecision,
): Promise<Settled | string> {
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
  { session }: Visitor,
  device: Device,
): Promise<Device | string> {
  const isReleased = await services.store.deviceCodes.releaseClaim(device.code.hash, session.id)
  return isReleased ? device : NOT_CLAIMED
}
