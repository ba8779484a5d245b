import { expect, onTestFinished, test } from 'vitest'
import { createDevices } from '../../src/sessions/devices.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { ALICE, BOB, NOW, sampleSession } from '../../src/testing/store/samples.ts'

/** Signs Alice in on three devices and Bob on one, over a real database. */
async function openDevices(beforeRevocation: (id: string) => void = () => {}) {
  const store = sqlite(':memory:')
  onTestFinished(store.close)
  await store.migrate()
  for (const id of ['laptop', 'phone', 'tablet']) await store.sessions.insert(sampleSession({ id }), 'alice')
  await store.sessions.insert(sampleSession({ id: 'desktop', ...BOB }), 'bob')
  const events: string[] = []
  const devices = createDevices({
    store: store.sessions,
    clock: { now: () => NOW },
    revoker: {
      async revoke(target) {
        if ('id' in target) beforeRevocation(target.id)
        return store.revocations.revoke(target, NOW)
      },
    },
    events: {
      emit: (_, payload) => {
        if ('reason' in payload && 'sessionId' in payload)
          events.push(`${payload.sessionId} ${payload.reason} ${payload.requestId}`)
      },
    },
    subjectOf: ({ provider, userId }) => `${provider}:${userId}`,
  })
  const signedIn = async () => (await devices.list(ALICE)).map(({ id }) => id).toSorted()
  return { devices, events, signedIn, request: { requestId: 'r', currentId: 'laptop' } }
}

test('marks the current device and lists no cookie', async () => {
  const { devices } = await openDevices()
  const listed = await devices.list(ALICE, 'phone')
  expect(listed.filter(({ isCurrent }) => isCurrent).map(({ id }) => id)).toEqual(['phone'])
  expect(listed).toHaveLength(3)
  expect(Object.keys(listed[0] ?? {})).not.toContain('cookieHash')
})

test('signs out one device and leaves the others signed in', async () => {
  const { devices, events, signedIn, request } = await openDevices()
  expect(await devices.signOut(ALICE, 'phone', request)).toBe(true)
  expect(await signedIn()).toEqual(['laptop', 'tablet'])
  expect(await devices.signOut(ALICE, 'laptop', request)).toBe(true)
  expect(events).toEqual(['phone signed_out_by_user r', 'laptop sign_out r'])
})

test('signing out a device twice is harmless and announced once', async () => {
  const { devices, events, request } = await openDevices()
  for (let round = 0; round < 2; round++) expect(await devices.signOut(ALICE, 'phone', request)).toBe(true)
  expect(events).toHaveLength(1)
})

test("never signs out another user's device", async () => {
  const { devices, events, request } = await openDevices()
  expect(await devices.signOut(ALICE, 'desktop', request)).toBe(false)
  expect(await devices.signOut({ ...ALICE, provider: 'admins' }, 'phone', request)).toBe(false)
  expect(await devices.find(ALICE, 'desktop')).toBe(undefined)
  expect(events).toEqual([])
  expect((await devices.list(BOB)).map(({ id }) => id)).toEqual(['desktop'])
})

test('signs out all other devices, and none of another user', async () => {
  const { devices, events, signedIn, request } = await openDevices()
  expect(await devices.signOutOthers(ALICE, request)).toBe(2)
  expect(await signedIn()).toEqual(['laptop'])
  expect(await devices.list(BOB)).toHaveLength(1)
  expect(await devices.signOutOthers(ALICE, request)).toBe(0)
  expect(events.toSorted()).toEqual(['phone signed_out_by_user r', 'tablet signed_out_by_user r'])
})

test('signs out all devices, the current one last', async () => {
  const { devices, events, signedIn, request } = await openDevices()
  expect(await devices.signOutAll(ALICE, request)).toBe(3)
  expect(await signedIn()).toEqual([])
  expect(events.at(-1)).toBe('laptop sign_out r')
  expect(await devices.list(BOB)).toHaveLength(1)
})

test('a failure halfway leaves devices signed in that the next attempt signs out', async () => {
  const failing = new Set(['tablet'])
  const { devices, events, signedIn, request } = await openDevices((id) => {
    if (failing.delete(id)) throw new Error('disk full')
  })
  await expect(devices.signOutOthers(ALICE, request)).rejects.toThrow('disk full')
  expect(await signedIn()).toContain('laptop')
  expect(await signedIn()).toContain('tablet')
  await devices.signOutOthers(ALICE, request)
  expect(await signedIn()).toEqual(['laptop'])
  expect(events.toSorted()).toEqual(['phone signed_out_by_user r', 'tablet signed_out_by_user r'])
})

test('lets other work run after each device, so that many devices block no request', async () => {
  let turns = 0
  const turnsAt: number[] = []
  const { devices, request } = await openDevices(() => void turnsAt.push(turns))
  const count = (): void => {
    turns += 1
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  onTestFinished(() => clearImmediate(timer))
  await devices.signOutAll(ALICE, request)
  expect(new Set(turnsAt).size).toBe(3)
})
