import type { DeviceClaim, DeviceCode, DeviceDecision } from '../../model/device-code.ts'
import type { Store } from '../../store/contract.ts'
import { BOB, NOW, sampleClaim, sampleDeviceCode, sampleSession, signIn } from './samples.ts'

/** A device that asks, with Alice signed in on two devices and Bob on one. */
export async function askForDevice(store: Store): Promise<void> {
  await signIn(store)
  await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
  await store.sessions.insert(sampleSession({ id: 'of bob', ...BOB }), 'bob')
  await store.deviceCodes.insert(sampleDeviceCode())
}

/** Alice claims it, on her laptop. */
export const claim = (store: Store, changes: Partial<DeviceClaim> = {}) =>
  store.deviceCodes.claim('device', sampleClaim(changes), NOW)

/** Alice answers it. */
export const decide = (store: Store, decision: DeviceDecision = 'approved', sessionId = 'laptop') =>
  store.deviceCodes.decide('device', { sessionId, decision, subject: 'alice' }, NOW)

/** The code of the device. */
export const findDevice = (store: Store) => store.deviceCodes.find('device')

/** Every state in which there is nothing to answer any more. */
export const OVER: Readonly<Record<string, Partial<DeviceCode>>> = {
  approved: { decision: 'approved' },
  denied: { decision: 'denied' },
  spent: { spentAt: NOW },
  void: { voidedAt: NOW },
  expired: { expiresAt: NOW },
}
