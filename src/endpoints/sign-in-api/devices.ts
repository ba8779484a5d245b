import { OAuthError } from '../../errors.ts'
import { toSeconds } from '../../lib/clock.ts'
import { json, NO_CONTENT, type HttpResponse } from '../../lib/http.ts'
import type { Device } from '../../sessions/devices.ts'
import type { Exchange } from '../endpoint.ts'
import { idIn } from '../paths.ts'
import { requireCaller } from './caller.ts'

/** POST: signs out all devices of the user but this one. */
export async function logoutOthers(exchange: Exchange): Promise<HttpResponse> {
  const { user, sessionId } = await requireCaller(exchange)
  const { services, requestId } = exchange
  await services.devices.signOutOthers(user, { requestId, currentId: sessionId })
  return NO_CONTENT
}

/** POST: signs out all devices of the user, this one included. */
export async function logoutAll(exchange: Exchange): Promise<HttpResponse> {
  const { user, sessionId } = await requireCaller(exchange)
  const { services, requestId } = exchange
  await services.devices.signOutAll(user, { requestId, currentId: sessionId })
  return NO_CONTENT
}

/** GET: lists the devices of the user, last seen first. */
export async function listDevices(exchange: Exchange): Promise<HttpResponse> {
  const { user, sessionId } = await requireCaller(exchange)
  const { services } = exchange
  const devices = await services.devices.list(user, sessionId)
  const places = await services.places.find(devices.map(({ address }) => address))
  return json(
    200,
    devices.map((device) => toWire(device, places.get(device.address))),
  )
}

/** DELETE: signs out one device of the user. Repeating it is harmless as long as its session is stored. */
export async function signOutDevice(exchange: Exchange): Promise<HttpResponse> {
  const { user, sessionId } = await requireCaller(exchange)
  const { services, requestId } = exchange
  const id = idIn(exchange)
  if (await services.devices.signOut(user, id, { requestId, currentId: sessionId })) return NO_CONTENT
  throw new OAuthError('not_found', 'The device does not exist')
}

/** Times in seconds, as everywhere on the wire. */
const toWire = (
  { id, deviceName, address, createdAt, lastSeenAt, isCurrent }: Device,
  place: string | undefined,
) => ({
  id,
  name: deviceName,
  address,
  place: place ?? null,
  created_at: toSeconds(createdAt),
  last_seen_at: toSeconds(lastSeenAt),
  is_current: isCurrent,
})
