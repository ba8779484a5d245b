import { OAuthError } from '../../errors.ts'
import { canUseGrant, type Client } from '../../model/client.ts'
import { DEVICE_GRANT, normalizeUserCode, type DeviceCode } from '../../model/device-code.ts'
import type { DeviceCodeProps } from '../../pages/props.ts'
import type { Blocked } from '../../throttle/blocked.ts'
import type { Exchange } from '../endpoint.ts'
import type { Services } from '../services.ts'
import { userCodeHashes } from '../user-code.ts'
import type { Visitor } from './visitor.ts'

/** A device that waits for its person. */
export interface Device {
  readonly code: DeviceCode
  readonly client: Client
}

/** What the person is told, and the log. */
export interface Problem {
  readonly problem: NonNullable<DeviceCodeProps['problem']>
  readonly error: OAuthError
}

/** What was done with a device; a text says why it could not be: for the log, for the person it was a wrong code. */
type Act<Result> = (device: Device) => Promise<Result | string>

/**
 * Does something with the device that shows this code. What fails counts as a guess at codes, against the person and
 * the address; what succeeds clears nothing, since everybody can get codes that are right.
 */
export async function lookUp<Result extends object>(
  exchange: Exchange,
  { session }: Visitor,
  typed: string,
  act: Act<Result>,
): Promise<Result | Problem> {
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
  { session }: Visitor,
  device: Device,
): Promise<Device | string> {
  const { id: sessionId, provider, userId, userEpoch } = session
  const { hash } = device.code
  const claim = { provider, userId, sessionId, userEpoch }
  const isClaimed = await services.store.deviceCodes.claim(hash, claim, services.settings.clock.now())
  return isClaimed ? device : 'the user code was answered, or somebody else has claimed it'
}

async function findDevice(exchange: Exchange, provider: string, userCode: string): Promise<Device | string> {
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
const incorrect = (detail: string): Problem => ({
  problem: { kind: 'incorrect' },
  error: new OAuthError('invalid_request', 'The code is incorrect', { detail }),
})

const tooMany = ({ retryAfter, headers }: Blocked): Problem => ({
  problem: { kind: 'throttled', seconds: retryAfter },
  error: new OAuthError('too_many_requests', 'Too many wrong codes: wait before you try again', { headers }),
})
