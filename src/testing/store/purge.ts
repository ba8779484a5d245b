import type { DeviceCode } from '../../model/device-code.ts'
import { sampleEntry } from './audit.ts'
import type { Suite } from './suite.ts'
import { endedBy, EVERY_KIND, purgeAll, walk } from './purge-walk.ts'
import {
  ALICE,
  approveDevice,
  authorize,
  MINUTE,
  NOW,
  sampleAuthorization,
  sampleClaim,
  sampleClient,
  sampleCode,
  sampleDeviceCode,
  sampleSession,
  sampleUser,
  signIn,
} from './samples.ts'

/** When the samples have all expired. */
const LATER = NOW + 120 * MINUTE

/** Purges: what is over goes, what something alive depends on stays. */
export function testPurge(suite: Suite): void {
  testEnds(suite)
  testDependence(suite)
  testSteps(suite)
}

function testEnds({ describe, test, expect }: Suite): void {
  describe('a purge deletes', () => {
    test('codes that were spent or voided, authorizations and sessions that were revoked', async (store) => {
      await authorize(store, { accessExpiresAt: NOW })
      await store.codes.insert(sampleCode(), 'alice')
      await store.codes.insert(sampleCode({ hash: 'spent' }), 'alice')
      await store.codes.spend('spent', NOW)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      const cutoffs = endedBy(NOW + MINUTE, { revokedUntil: NOW, expiredUntil: 0 })
      expect(await purgeAll(store, { ...cutoffs, revokedUntil: NOW - 1, auditUntil: 0 })).toEqual({})
      expect(await purgeAll(store, cutoffs)).toEqual({ codes: 2, authorizations: 1, sessions: 1 })
      expect(await store.codes.find('code')).toBe(undefined)
      expect(await store.authorizations.find('azn')).toBe(undefined)
      expect(await store.sessions.find('laptop')).toBe(undefined)
    })

    test('codes, authorizations, sessions and revocations that expired', async (store) => {
      await authorize(store)
      await store.codes.insert(sampleCode(), 'alice')
      for (const jti of ['azn.1', 'azn.2'])
        await store.revocations.revoke({ kind: 'token', jti, expiresAt: NOW + 60 * MINUTE }, NOW)
      const cutoffs = endedBy(LATER, { revokedUntil: 0, expiredUntil: NOW + 60 * MINUTE })
      expect(await purgeAll(store, { ...cutoffs, expiredUntil: NOW + MINUTE - 1 })).toEqual({})
      expect(await purgeAll(store, { ...cutoffs, expiredUntil: NOW + 60 * MINUTE - 1 })).toEqual({ codes: 1 })
      expect(await purgeAll(store, cutoffs)).toEqual({ authorizations: 1, sessions: 1, revocations: 1 })
    })

    test('what was revoked and what expired, each by its own bound', async (store) => {
      await authorize(store, { accessExpiresAt: NOW, expiresAt: NOW + MINUTE })
      await store.authorizations.insert(
        sampleAuthorization({ id: 'revoked', accessExpiresAt: NOW, expiresAt: LATER }),
        'alice',
      )
      await store.revocations.revoke({ kind: 'authorization', id: 'revoked' }, NOW)
      const neither = endedBy(LATER, { revokedUntil: 0, expiredUntil: 0, auditUntil: 0 })
      expect(await purgeAll(store, neither)).toEqual({})
      await walk(store, 'authorizations', { ...neither, revokedUntil: NOW })
      expect((await store.authorizations.find('revoked'))?.id).toBe(undefined)
      expect((await store.authorizations.find('azn'))?.id).toBe('azn')
      await walk(store, 'authorizations', { ...neither, expiredUntil: NOW + MINUTE })
      expect((await store.authorizations.find('azn'))?.id).toBe(undefined)
    })

    test('device codes that were spent or voided, and ones that expired, each by its own bound', async (store) => {
      await signIn(store)
      const expiresAt = NOW + 2
      const codes: Readonly<Record<string, Partial<DeviceCode>>> = {
        denied: { decision: 'denied', expiresAt },
        spent: { spentAt: NOW, expiresAt },
        void: { voidedAt: NOW, expiresAt },
      }
      for (const [hash, changes] of Object.entries(codes))
        await store.deviceCodes.insert(sampleDeviceCode({ hash, ...changes }))
      const over = async (now: number, revokedUntil: number, expiredUntil: number) =>
        (await walk(store, 'deviceCodes', endedBy(now, { revokedUntil, expiredUntil }))).count
      expect(await over(NOW + 1, NOW + 1, NOW + 1)).toBe(0)
      expect(await over(LATER, NOW - 1, NOW + 1)).toBe(0)
      expect(await over(LATER, NOW, 0)).toBe(2)
      expect((await store.deviceCodes.find('denied'))?.hash).toBe('denied')
      expect(await over(LATER, 0, NOW + 2)).toBe(1)
      expect(await store.deviceCodes.find('denied')).toBe(undefined)
    })

    test('a session that ended, although what does not hang on it goes on', async (store) => {
      await authorize(store, { sessionId: null, expiresAt: LATER + MINUTE })
      expect((await walk(store, 'sessions', endedBy(LATER))).count).toBe(1)
    })

    test('a session that ended, although it has codes: void ones, and ones that nobody came for', async (store) => {
      await signIn(store)
      await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
      await store.codes.insert(sampleCode({ expiresAt: LATER + MINUTE }), 'alice')
      await store.codes.insert(sampleCode({ hash: 'unspent', sessionId: 'phone' }), 'alice')
      await store.deviceCodes.insert(
        sampleDeviceCode({
          expiresAt: LATER + MINUTE,
          claim: sampleClaim({ sessionId: 'phone' }),
          spentAt: NOW,
        }),
      )
      await store.deviceCodes.insert(
        sampleDeviceCode({ hash: 'unspent', claim: sampleClaim({ sessionId: 'phone' }) }),
      )
      await store.deviceCodes.insert(
        sampleDeviceCode({ hash: 'void', expiresAt: LATER + MINUTE, claim: sampleClaim() }),
      )
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect((await walk(store, 'sessions', endedBy(LATER))).count).toBe(2)
    })

    test('audit entries by their age, and the oldest of too many', async (store) => {
      const entries = Array.from({ length: 10 }, (_, index) =>
        sampleEntry({ at: NOW + index, requestId: `r${index}` }),
      )
      await store.audit.insert(entries)
      expect(await walk(store, 'audit', endedBy(LATER, { auditUntil: NOW + 3 }))).toEqual({
        count: 4,
        steps: 3,
      })
      expect((await walk(store, 'audit', endedBy(LATER, { auditUntil: 0, maxAuditEntries: 2 }))).count).toBe(
        4,
      )
      expect(await store.audit.listByRequest('r7')).toEqual([])
      expect(await store.audit.listByRequest('r8')).toEqual([entries[8]])
    })

    test('no client, no person and no consent', async (store) => {
      await authorize(store)
      await store.clients.insert(sampleClient({ id: 'revoked' }))
      await store.users.insert(sampleUser())
      await store.users.update('alice', { disabledAt: NOW })
      await store.consents.add(ALICE, 'web', ['orders:read'], NOW)
      await store.revocations.revoke({ kind: 'client', id: 'revoked' }, NOW)
      await purgeAll(store, endedBy(LATER))
      expect((await store.clients.find('web'))?.id).toBe('web')
      expect((await store.clients.find('revoked'))?.revokedAt).toBe(NOW)
      expect((await store.users.find('alice'))?.id).toBe('alice')
      expect(await store.consents.find(ALICE, 'web')).toEqual(['orders:read'])
    })
  })
}

function testDependence({ describe, test, expect }: Suite): void {
  describe('a purge leaves', () => {
    test('everything that is alive', async (store) => {
      await authorize(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke({ kind: 'token', jti: 'azn.1', expiresAt: NOW + MINUTE }, NOW)
      expect(await purgeAll(store, endedBy(NOW))).toEqual({})
    })

    test('a spent code until it would have expired', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.codes.spend('code', NOW)
      expect(await purgeAll(store, endedBy(NOW + MINUTE - 1))).toEqual({})
      expect(await purgeAll(store, endedBy(NOW + MINUTE))).toEqual({ codes: 1 })
    })

    test('a revoked authorization, and its session, until the last access token has expired', async (store) => {
      await authorize(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await purgeAll(store, endedBy(NOW + 15 * MINUTE - 1))).toEqual({})
      const all = { authorizations: 1, sessions: 1 }
      expect(await purgeAll(store, endedBy(NOW + 15 * MINUTE))).toEqual(all)
    })

    test('an authorization whose access token outlives its refresh token', async (store) => {
      await authorize(store, { expiresAt: NOW + MINUTE })
      expect((await walk(store, 'authorizations', endedBy(NOW + 15 * MINUTE - 1))).count).toBe(0)
      expect((await walk(store, 'authorizations', endedBy(NOW + 15 * MINUTE))).count).toBe(1)
    })

    test('an authorization that has ended, until its last end was long enough ago', async (store) => {
      await authorize(store, { expiresAt: NOW + MINUTE })
      const cutoffs = endedBy(LATER, { expiredUntil: NOW + 15 * MINUTE - 1 })
      expect((await walk(store, 'authorizations', cutoffs)).count).toBe(0)
    })

    test('an authorization that can be refreshed although no access token of it is alive', async (store) => {
      await authorize(store)
      expect((await walk(store, 'authorizations', endedBy(NOW + 60 * MINUTE - 1))).count).toBe(0)
    })

    test('an expired session as long as something of it goes on', async (store) => {
      await authorize(store, { expiresAt: LATER + MINUTE })
      await store.codes.insert(sampleCode({ expiresAt: LATER + MINUTE }), 'alice')
      const over = async (now: number) => (await walk(store, 'sessions', endedBy(now))).count
      expect(await over(LATER)).toBe(0)
      await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, LATER)
      expect(await over(LATER)).toBe(0)
      await store.codes.spend('code', LATER)
      expect(await over(LATER)).toBe(1)
    })

    test('an expired session as long as a device may come for what was approved in it', async (store) => {
      await approveDevice(store, { expiresAt: LATER + MINUTE })
      const over = async (now: number) => (await walk(store, 'sessions', endedBy(now))).count
      expect(await over(LATER + MINUTE - 1)).toBe(0)
      expect(await over(LATER + MINUTE)).toBe(1)
    })

    test('revocations of clients and of the issuer for good', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      await walk(store, 'revocations', endedBy(NOW * 2))
      expect((await store.revocations.listSince(0, NOW * 2, 10)).map(({ kind }) => kind)).toEqual([
        'client',
        'issuer',
      ])
    })

    test('the newest revocation, by which the store is known again', async (store) => {
      const order = { kind: 'token', expiresAt: NOW } as const
      for (const jti of ['a', 'b', 'c']) await store.revocations.revoke({ ...order, jti }, NOW)
      expect(await walk(store, 'revocations', endedBy(LATER), { limit: 2 })).toEqual({ count: 2, steps: 2 })
      expect((await store.revocations.listSince(0, LATER, 10)).map(({ subject }) => subject)).toEqual(['c'])
    })

    test('a revocation that is still in force: a session that it ends stays ended', async (store) => {
      await authorize(store)
      const entry = await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await purgeAll(store, endedBy(NOW + 10 * MINUTE))
      expect(await store.revocations.listSince(0, NOW + 10 * MINUTE, 10)).toEqual([entry])
    })
  })
}

function testSteps({ describe, test, expect }: Suite): void {
  describe('the steps of a purge', () => {
    const sessions = (count: number, expiresAt: number) =>
      Array.from({ length: count }, (_, index) =>
        sampleSession({ id: `${expiresAt}-${String(index).padStart(3, '0')}`, expiresAt }),
      )

    test('look at no more rows than they may, and come to each row', async (store) => {
      for (const session of [...sessions(10, NOW), ...sessions(5, LATER)])
        await store.sessions.insert(session, 'alice')
      expect(await store.purge.count('sessions')).toBe(15)
      expect(await walk(store, 'sessions', endedBy(NOW), { limit: 4 })).toEqual({ count: 10, steps: 4 })
      expect(await store.purge.count('sessions')).toBe(5)
    })

    test('delete nothing in a rehearsal, and count the same', async (store) => {
      for (const session of sessions(7, NOW)) await store.sessions.insert(session, 'alice')
      expect((await walk(store, 'sessions', endedBy(NOW), { isDryRun: true })).count).toBe(7)
      expect(await store.purge.count('sessions')).toBe(7)
      expect((await walk(store, 'sessions', endedBy(NOW))).count).toBe(7)
    })

    test('end on a table that is empty', async (store) => {
      for (const kind of EVERY_KIND) {
        expect(await store.purge.count(kind)).toBe(0)
        expect(await walk(store, kind, endedBy(NOW))).toEqual({ count: 0, steps: 1 })
      }
    })

    test('delete each row once, however many purge at once', async (store) => {
      for (const session of sessions(20, NOW)) await store.sessions.insert(session, 'alice')
      const purges = Array.from({ length: 4 }, () => walk(store, 'sessions', endedBy(NOW)))
      const counts = await Promise.all(purges)
      expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(20)
      expect(await store.purge.count('sessions')).toBe(0)
    })

    test('never delete what is refreshed meanwhile', async (store) => {
      await authorize(store, { expiresAt: NOW + 15 * MINUTE })
      const refreshed = { lastUsedAt: NOW, expiresAt: LATER, accessExpiresAt: NOW + 30 * MINUTE }
      const step = { id: 'azn', from: 0, to: 1, rotations: [], ...refreshed }
      const [hasAdvanced] = await Promise.all([
        store.authorizations.refresh(step, 'alice'),
        walk(store, 'authorizations', endedBy(NOW + 15 * MINUTE)),
      ])
      expect((await store.authorizations.find('azn')) !== undefined).toBe(hasAdvanced)
    })
  })
}
