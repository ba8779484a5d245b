import type { Authorization } from '../../model/authorization.ts'
import type { Store } from '../../store/contract.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  MINUTE,
  NOW,
  sampleAuthorization,
  sampleClaim,
  sampleClient,
  sampleCode,
  sampleDeviceCode,
  sampleSession,
} from './samples.ts'

const ALL = { subject: 'alice' }
const OTHERS = { ...ALL, except: 'laptop' }

/** A user signs out of all devices, or of all but one. */
export function testRevokingSessions(suite: Suite): void {
  testSelection(suite)
  testSessionEntries(suite)
  testParallelCalls(suite)
}

function testSelection({ describe, test, expect }: Suite): void {
  describe('revoking all sessions of a user', () => {
    test('revokes them with the authorizations that depend on them, and nothing else', async (store) => {
      await signInOnSeveralDevices(store)
      await store.revocations.revokeSessions(ALICE, ALL, NOW)
      expect(await revokedSessions(store)).toEqual(['laptop', 'phone', 'tablet'])
      expect(await revokedAuthorizations(store)).toEqual(['on laptop', 'on phone', 'on tablet'])
    })

    test('keeps the excepted one, with its authorizations and codes', async (store) => {
      await signInOnSeveralDevices(store)
      await insertCodes(store)
      await store.revocations.revokeSessions(ALICE, OTHERS, NOW)
      expect(await revokedSessions(store)).toEqual(['phone', 'tablet'])
      expect(await revokedAuthorizations(store)).toEqual(['on phone', 'on tablet'])
      expect(await voidedCodes(store)).toEqual(['phone', 'phone'])
    })

    test('voids unspent codes and device codes, and no spent ones', async (store) => {
      await signInOnSeveralDevices(store)
      await insertCodes(store)
      await store.codes.insert(sampleCode({ hash: 'spent', sessionId: 'tablet' }), 'alice')
      await store.codes.spend('spent', NOW)
      await store.revocations.revokeSessions(ALICE, ALL, NOW)
      expect(await voidedCodes(store)).toEqual(['laptop', 'laptop', 'phone', 'phone'])
      expect((await store.codes.find('spent'))?.voidedAt).toBe(null)
    })

    test('raises no epoch', async (store) => {
      await signInOnSeveralDevices(store)
      await store.revocations.revokeSessions(ALICE, ALL, NOW)
      expect((await store.revocations.readEpochs('alice', 'web')).user).toBe(0)
      expect(await store.sessions.insert(sampleSession({ id: 'next' }), 'alice')).toBe(true)
    })

    test('does not mistake a user of another provider for this one', async (store) => {
      await signInOnSeveralDevices(store)
      const admin = { provider: 'admins', userId: ALICE.userId }
      expect(await store.revocations.revokeSessions(admin, { subject: 'admins:alice' }, NOW)).toEqual([])
      expect(await revokedSessions(store)).toEqual([])
    })

    test('keeps the time of an earlier revocation', async (store) => {
      await signInOnSeveralDevices(store)
      await store.revocations.revoke({ kind: 'session', id: 'phone' }, NOW)
      await store.revocations.revokeSessions(ALICE, ALL, NOW + 1)
      expect((await store.sessions.find('phone'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('on phone'))?.revokedAt).toBe(NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW + 1)
    })
  })
}

function testSessionEntries({ describe, test, expect }: Suite): void {
  describe('the entries of all sessions of a user', () => {
    test('are those of the feed, one for each session, with the sub of the user', async (store) => {
      await signInOnSeveralDevices(store)
      const entries = await store.revocations.revokeSessions(ALICE, ALL, NOW)
      expect(await store.revocations.listSince(0, NOW, 100)).toEqual(entries)
      expect(entries.map(({ subject }) => subject).toSorted()).toEqual(['laptop', 'phone', 'tablet'])
      for (const { kind, sub, epoch } of entries) expect([kind, sub, epoch]).toEqual(['session', 'alice', 0])
    })

    test('expire with the last access token of each, and not before the API cookies', async (store) => {
      await signInOnSeveralDevices(store)
      await insertAuthorization(store, { id: 'late', accessExpiresAt: NOW + 80 * MINUTE })
      await store.revocations.revoke({ kind: 'authorization', id: 'late' }, NOW)
      await insertAuthorization(store, { id: 'early', sessionId: 'phone', accessExpiresAt: NOW + MINUTE })
      await store.sessions.insert(sampleSession({ id: 'without tokens' }), 'alice')
      const selection = { ...ALL, cookiesExpireAt: NOW + 61 * MINUTE }
      const entries = await store.revocations.revokeSessions(ALICE, selection, NOW)
      const expiries = entries.map(({ subject, expiresAt }) => [subject, (expiresAt ?? 0) - NOW])
      expect(Object.fromEntries(expiries)).toEqual({
        laptop: 80 * MINUTE,
        phone: 61 * MINUTE,
        tablet: 61 * MINUTE,
        'without tokens': 61 * MINUTE,
      })
    })

    test('are written for live sessions only, but expired ones are revoked too', async (store) => {
      await store.clients.insert(sampleClient())
      const expired = { expiresAt: NOW }
      for (const id of ['expired', 'refreshable', 'with token', 'disconnected'])
        await store.sessions.insert(sampleSession({ id, ...expired }), 'alice')
      const tokens = { ...expired, accessExpiresAt: NOW }
      const changes: Readonly<Record<string, Partial<Authorization>>> = {
        expired: tokens,
        refreshable: { ...tokens, expiresAt: NOW + 1 },
        'with token': { ...tokens, accessExpiresAt: NOW + 1 },
        disconnected: {},
      }
      for (const [sessionId, change] of Object.entries(changes))
        await insertAuthorization(store, { id: `on ${sessionId}`, sessionId, ...change })
      await store.revocations.revoke({ kind: 'authorization', id: 'on disconnected' }, NOW - 1)
      const listed = (await store.sessions.listByUser(ALICE, NOW)).map(({ id }) => id).toSorted()
      const entries = await store.revocations.revokeSessions(ALICE, ALL, NOW)
      expect(entries.map(({ subject }) => subject).toSorted()).toEqual(listed)
      expect(listed).toEqual(['refreshable', 'with token'])
      expect((await store.sessions.find('expired'))?.revokedAt).toBe(NOW)
      expect((await store.sessions.find('disconnected'))?.revokedAt).toBe(NOW)
    })

    test('contain no session that was revoked before, even in the same millisecond', async (store) => {
      await signInOnSeveralDevices(store)
      await store.revocations.revoke({ kind: 'session', id: 'phone' }, NOW)
      const entries = await store.revocations.revokeSessions(ALICE, ALL, NOW)
      expect(entries.map(({ subject }) => subject).toSorted()).toEqual(['laptop', 'tablet'])
      expect(await store.revocations.revokeSessions(ALICE, ALL, NOW)).toEqual([])
      expect((await store.revocations.listSince(0, NOW, 100)).length).toBe(3)
    })
  })
}

function testParallelCalls({ describe, test, expect }: Suite): void {
  describe('parallel revocations of all sessions of a user', () => {
    test('return each session once', async (store) => {
      await signInOnSeveralDevices(store)
      const calls = Array.from({ length: 20 }, (_, index) =>
        store.revocations.revokeSessions(ALICE, index % 2 === 0 ? ALL : OTHERS, NOW),
      )
      const subjects = (await Promise.all(calls)).flat().map(({ subject }) => subject)
      expect(subjects.toSorted()).toEqual(['laptop', 'phone', 'tablet'])
    })

    test('revoke every session whose insert came before, and leave no authorization behind', async (store) => {
      await store.clients.insert(sampleClient())
      const start = async (index: number): Promise<void> => {
        const id = `device ${index}`
        await store.sessions.insert(sampleSession({ id }), 'alice')
        await insertAuthorization(store, { id, sessionId: id })
      }
      const revoke = () => store.revocations.revokeSessions(ALICE, ALL, NOW)
      const starts = (from: number) => Array.from({ length: 10 }, (_, index) => start(from + index))
      const results = await Promise.all([...starts(0), revoke(), ...starts(10), revoke()])
      const entries = results.flatMap((result) => result ?? [])
      const revoked = new Set(entries.map(({ subject }) => subject))
      expect(entries.length).toBe(revoked.size)
      for (let index = 0; index < 20; index += 1) {
        const id = `device ${index}`
        expect((await store.sessions.find(id))?.revokedAt).toBe(revoked.has(id) ? NOW : null)
        const authorization = await store.authorizations.find(id)
        if (revoked.has(id) && authorization) expect(authorization.revokedAt).toBe(NOW)
      }
    })
  })
}

/** Signs Alice in on three devices and Bob on one, each with an authorization. */
async function signInOnSeveralDevices(store: Store): Promise<void> {
  await store.clients.insert(sampleClient())
  for (const id of ['laptop', 'phone', 'tablet']) {
    await store.sessions.insert(sampleSession({ id }), 'alice')
    await insertAuthorization(store, { id: `on ${id}`, sessionId: id })
  }
  await insertAuthorization(store, { id: 'without session', sessionId: null })
  await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
  await store.authorizations.insert(sampleAuthorization({ id: 'bob', ...BOB, sessionId: 'bob' }), 'bob')
}

const insertAuthorization = (store: Store, changes: Partial<Authorization>): Promise<boolean> =>
  store.authorizations.insert(sampleAuthorization(changes), 'alice')

/** Inserts a code and a device code for two of Alice's devices. */
async function insertCodes(store: Store): Promise<void> {
  for (const sessionId of ['laptop', 'phone']) {
    await store.codes.insert(sampleCode({ hash: sessionId, sessionId }), 'alice')
    await store.deviceCodes.insert(sampleDeviceCode({ hash: sessionId }))
    await store.deviceCodes.claim(sessionId, sampleClaim({ sessionId }), NOW)
  }
}

const voidedCodes = async ({ codes, deviceCodes }: Store): Promise<readonly string[]> => {
  const found = []
  for (const hash of ['laptop', 'phone']) found.push(await codes.find(hash), await deviceCodes.find(hash))
  return found.flatMap((code) => (code?.voidedAt === NOW ? [code.hash] : []))
}

const revokedSessions = async ({ sessions }: Store): Promise<readonly string[]> => {
  const found = []
  for (const id of ['laptop', 'phone', 'tablet', 'bob']) found.push(await sessions.find(id))
  return found.flatMap((session) => (session?.revokedAt === NOW ? [session.id] : []))
}

const revokedAuthorizations = async ({ authorizations }: Store): Promise<readonly string[]> => {
  const found = []
  for (const id of ['on laptop', 'on phone', 'on tablet', 'without session', 'bob'])
    found.push(await authorizations.find(id))
  return found.flatMap((authorization) => (authorization?.revokedAt === NOW ? [authorization.id] : []))
}
