import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createEvents } from '../../src/events.ts'
import { silentLogger } from '../../src/lib/log.ts'
import type { UserRef } from '../../src/model/subject.ts'
import { createRevoker } from '../../src/revocations/revoker.ts'
import { createDevices } from '../../src/sessions/devices.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { ALICE, BOB, NOW, sampleSession } from '../../src/testing/store/samples.ts'

/** Signs Alice in on three devices and Bob on one, over a real database. */
async function openDevices(path = ':memory:') {
  const store = sqlite(path)
  onTestFinished(store.close)
  await store.migrate()
  for (const id of ['laptop', 'phone', 'tablet']) await store.sessions.insert(sampleSession({ id }), 'alice')
  await store.sessions.insert(sampleSession({ id: 'desktop', ...BOB }), 'bob')
  const events = createEvents(silentLogger)
  const ended: string[] = []
  events.on('session.ended', ({ sessionId, reason, requestId }) => {
    ended.push(`${sessionId} ${reason} ${requestId}`)
  })
  const written: string[] = []
  events.on('revocation.written', ({ entry }) => void written.push(entry.subject))
  const [applied, announced]: [string[], string[]] = [[], []]
  const clock = { now: () => NOW }
  const subjectOf = ({ provider, userId }: UserRef) => `${provider}:${userId}`
  const revoker = createRevoker({
    store,
    feed: { apply: ({ subject }) => void applied.push(subject) },
    events,
    clock,
    announce: ({ subject }) => void announced.push(subject),
    hasApiCookies: false,
    subjectOf,
  })
  const devices = createDevices({ store: store.sessions, clock, revoker, subjectOf })
  const signedIn = async () => (await devices.list(ALICE)).map(({ id }) => id).toSorted()
  const request = { requestId: 'r', currentId: 'laptop' }
  return { store, devices, ended, written, applied, announced, signedIn, request }
}

test('marks the current device and lists no cookie', async () => {
  const { devices } = await openDevices()
  const listed = await devices.list(ALICE, 'phone')
  expect(listed.filter(({ isCurrent }) => isCurrent).map(({ id }) => id)).toEqual(['phone'])
  expect(listed).toHaveLength(3)
  expect(Object.keys(listed[0] ?? {})).not.toContain('cookieHash')
})

test('signs out one device and leaves the others signed in', async () => {
  const { devices, ended, signedIn, request } = await openDevices()
  expect(await devices.signOut(ALICE, 'phone', request)).toBe(true)
  expect(await signedIn()).toEqual(['laptop', 'tablet'])
  expect(await devices.signOut(ALICE, 'laptop', request)).toBe(true)
  expect(ended).toEqual(['phone signed_out_by_user r', 'laptop sign_out r'])
})

test('signing out a device twice is harmless and announced once', async () => {
  const { devices, ended, request } = await openDevices()
  for (let round = 0; round < 2; round++) expect(await devices.signOut(ALICE, 'phone', request)).toBe(true)
  expect(ended).toHaveLength(1)
})

test("never signs out another user's device", async () => {
  const { devices, ended, request } = await openDevices()
  expect(await devices.signOut(ALICE, 'desktop', request)).toBe(false)
  expect(await devices.signOut({ ...ALICE, provider: 'admins' }, 'phone', request)).toBe(false)
  expect(await devices.find(ALICE, 'desktop')).toBe(undefined)
  expect(ended).toEqual([])
  expect((await devices.list(BOB)).map(({ id }) => id)).toEqual(['desktop'])
})

test('signs out all other devices, and none of another user', async () => {
  const { devices, ended, signedIn, request } = await openDevices()
  expect(await devices.signOutOthers(ALICE, request)).toBe(2)
  expect(await signedIn()).toEqual(['laptop'])
  expect(await devices.list(BOB)).toHaveLength(1)
  expect(await devices.signOutOthers(ALICE, request)).toBe(0)
  expect(ended.toSorted()).toEqual(['phone signed_out_by_user r', 'tablet signed_out_by_user r'])
})

test('signs out all devices, the current one included', async () => {
  const { devices, ended, signedIn, request } = await openDevices()
  expect(await devices.signOutAll(ALICE, request)).toBe(3)
  expect(await signedIn()).toEqual([])
  expect(ended.toSorted()).toEqual([
    'laptop sign_out r',
    'phone signed_out_by_user r',
    'tablet signed_out_by_user r',
  ])
  expect(await devices.list(BOB)).toHaveLength(1)
})

test('applies and announces the revocation of each device', async () => {
  const { devices, written, applied, announced, request } = await openDevices()
  await devices.signOutAll(ALICE, request)
  for (const subjects of [written, applied, announced])
    expect(subjects.toSorted()).toEqual(['laptop', 'phone', 'tablet'])
})

test('announces each device once, even if all are signed out several times in parallel', async () => {
  const { devices, ended, written, request } = await openDevices()
  const counts = await Promise.all(Array.from({ length: 5 }, () => devices.signOutAll(ALICE, request)))
  expect(counts.filter((count) => count > 0)).toEqual([3])
  expect(ended).toHaveLength(3)
  expect(written).toHaveLength(3)
})

test('a failure while devices are signed out leaves all of them signed in', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'devices-')), 'consulate.db')
  const { devices, ended, applied, signedIn, request } = await openDevices(file)
  const database = new DatabaseSync(file)
  database.exec(`create trigger full before insert on consulate_revocations
    when new.subject = 'tablet' begin select raise(abort, 'disk full'); end`)
  await expect(devices.signOutOthers(ALICE, request)).rejects.toThrow('disk full')
  expect(await signedIn()).toEqual(['laptop', 'phone', 'tablet'])
  expect([...ended, ...applied]).toEqual([])
  database.exec('drop trigger full')
  database.close()
  expect(await devices.signOutOthers(ALICE, request)).toBe(2)
  expect(await signedIn()).toEqual(['laptop'])
})

test('lets other work run while many revocations are announced', async () => {
  const { store, devices, announced, request } = await openDevices()
  for (let index = 0; index < 200; index += 1)
    await store.sessions.insert(sampleSession({ id: `device ${index}` }), 'alice')
  const counts = new Set<number>()
  const count = (): void => {
    counts.add(announced.length)
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  onTestFinished(() => clearImmediate(timer))
  expect(await devices.signOutAll(ALICE, request)).toBe(203)
  expect(counts.size).toBeGreaterThan(3)
})
