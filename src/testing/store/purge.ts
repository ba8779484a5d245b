import type { DeviceCode } from '../../model/device-code.ts'
import { sampleEntry } from './audit.ts'
import type { Suite } from './suite.ts'
import { testPurgeSteps } from './purge-walk.ts'
import { cutoffsAt, purgeAll, purgeKind } from './purge-steps.ts'
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

/** A time when all samples have expired. */
const LATER = NOW + 120 * MINUTE

export function testPurge(suite: Suite): void {
  testDeleting(suite)
  testKeeping(suite)
  testPurgeSteps(suite)
}

function testDeleting({ describe, test, expect }: Suite): void {
  describe('a purge deletes', () => {
    test('spent and voided codes, revoked authorizations and revoked sessions', async (store) => {
      await authorize(store, { accessExpiresAt: NOW })
      await store.codes.insert(sampleCode(), 'alice')
      await store.codes.insert(sampleCode({ hash: 'spent' }), 'alice')
      await store.codes.spend('spent', NOW)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      const cutoffs = cutoffsAt(NOW + MINUTE, { revokedUntil: NOW, expiredUntil: 0 })
      expect(await purgeAll(store, { ...cutoffs, revokedUntil: NOW - 1, auditUntil: 0 })).toEqual({})
      expect(await purgeAll(store, cutoffs)).toEqual({ codes: 2, authorizations: 1, sessions: 1 })
      expect(await store.codes.find('code')).toBe(undefined)
      expect(await store.authorizations.find('azn')).toBe(undefined)
      expect(await store.sessions.find('laptop')).toBe(undefined)
    })

    test('expired codes, authorizations, sessions and revocations', async (store) => {
      await authorize(store)
      await store.codes.insert(sampleCode(), 'alice')
      for (const jti of ['azn.1', 'azn.2'])
        await store.revocations.revoke({ kind: 'token', jti, expiresAt: NOW + 60 * MINUTE }, NOW)
      const cutoffs = cutoffsAt(LATER, { revokedUntil: 0, expiredUntil: NOW + 60 * MINUTE })
      expect(await purgeAll(store, { ...cutoffs, expiredUntil: NOW + MINUTE - 1 })).toEqual({})
      expect(await purgeAll(store, { ...cutoffs, expiredUntil: NOW + 60 * MINUTE - 1 })).toEqual({ codes: 1 })
      expect(await purgeAll(store, cutoffs)).toEqual({ authorizations: 1, sessions: 1, revocations: 1 })
    })

    test('revoked and expired authorizations, each by its own cutoff', async (store) => {
      await authorize(store, { accessExpiresAt: NOW, expiresAt: NOW + MINUTE })
      await store.authorizations.insert(
        sampleAuthorization({ id: 'revoked', accessExpiresAt: NOW, expiresAt: LATER }),
        'alice',
      )
      await store.revocations.revoke({ kind: 'authorization', id: 'revoked' }, NOW)
      const neither = cutoffsAt(LATER, { revokedUntil: 0, expiredUntil: 0, auditUntil: 0 })
      expect(await purgeAll(store, neither)).toEqual({})
      await purgeKind(store, 'authorizations', { ...neither, revokedUntil: NOW })
      expect((await store.authorizations.find('revoked'))?.id).toBe(undefined)
      expect((await store.authorizations.find('azn'))?.id).toBe('azn')
      await purgeKind(store, 'authorizations', { ...neither, expiredUntil: NOW + MINUTE })
      expect((await store.authorizations.find('azn'))?.id).toBe(undefined)
    })

    test('spent, voided and expired device codes, each by its own cutoff', async (store) => {
      await signIn(store)
      const expiresAt = NOW + 2
      const codes: Readonly<Record<string, Partial<DeviceCode>>> = {
        denied: { decision: 'denied', expiresAt },
        spent: { spentAt: NOW, expiresAt },
        voided: { voidedAt: NOW, expiresAt },
      }
      for (const [hash, changes] of Object.entries(codes))
        await store.deviceCodes.insert(sampleDeviceCode({ hash, ...changes }))
      const countAt = async (now: number, revokedUntil: number, expiredUntil: number) =>
        (await purgeKind(store, 'deviceCodes', cutoffsAt(now, { revokedUntil, expiredUntil }))).count
      expect(await countAt(NOW + 1, NOW + 1, NOW + 1)).toBe(0)
      expect(await countAt(LATER, NOW - 1, NOW + 1)).toBe(0)
      expect(await countAt(LATER, NOW, 0)).toBe(2)
      expect((await store.deviceCodes.find('denied'))?.hash).toBe('denied')
      expect(await countAt(LATER, 0, NOW + 2)).toBe(1)
      expect(await store.deviceCodes.find('denied')).toBe(undefined)
    })

    test('an expired session, even if its user has authorizations that do not depend on it', async (store) => {
      await authorize(store, { sessionId: null, expiresAt: LATER + MINUTE })
      expect((await purgeKind(store, 'sessions', cutoffsAt(LATER))).count).toBe(1)
    })

    test('an expired session, even if it has spent, voided or expired codes', async (store) => {
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
        sampleDeviceCode({ hash: 'voided', expiresAt: LATER + MINUTE, claim: sampleClaim() }),
      )
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect((await purgeKind(store, 'sessions', cutoffsAt(LATER))).count).toBe(2)
    })

    test('old audit entries, and the oldest of too many', async (store) => {
      const entries = Array.from({ length: 10 }, (_, index) =>
        sampleEntry({ at: NOW + index, requestId: `r${index}` }),
      )
      await store.audit.insert(entries)
      expect(await purgeKind(store, 'audit', cutoffsAt(LATER, { auditUntil: NOW + 3 }))).toEqual({
        count: 4,
        steps: 3,
      })
      expect(
        (await purgeKind(store, 'audit', cutoffsAt(LATER, { auditUntil: 0, maxAuditEntries: 2 }))).count,
      ).toBe(4)
      expect(await store.audit.listByRequest('r7')).toEqual([])
      expect(await store.audit.listByRequest('r8')).toEqual([entries[8]])
    })

    test('no clients, users or consents', async (store) => {
      await authorize(store)
      await store.clients.insert(sampleClient({ id: 'revoked' }))
      await store.users.insert(sampleUser())
      await store.users.update('alice', { disabledAt: NOW })
      await store.consents.add(ALICE, 'web', ['orders:read'], NOW)
      await store.revocations.revoke({ kind: 'client', id: 'revoked' }, NOW)
      await purgeAll(store, cutoffsAt(LATER))
      expect((await store.clients.find('web'))?.id).toBe('web')
      expect((await store.clients.find('revoked'))?.revokedAt).toBe(NOW)
      expect((await store.users.find('alice'))?.id).toBe('alice')
      expect(await store.consents.find(ALICE, 'web')).toEqual(['orders:read'])
    })
  })
}

function testKeeping({ describe, test, expect }: Suite): void {
  describe('a purge keeps', () => {
    test('everything that is valid', async (store) => {
      await authorize(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke({ kind: 'token', jti: 'azn.1', expiresAt: NOW + MINUTE }, NOW)
      expect(await purgeAll(store, cutoffsAt(NOW))).toEqual({})
    })

    test('a spent code until it has expired', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.codes.spend('code', NOW)
      expect(await purgeAll(store, cutoffsAt(NOW + MINUTE - 1))).toEqual({})
      expect(await purgeAll(store, cutoffsAt(NOW + MINUTE))).toEqual({ codes: 1 })
    })

    test('a revoked authorization and its session until the last access token has expired', async (store) => {
      await authorize(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await purgeAll(store, cutoffsAt(NOW + 15 * MINUTE - 1))).toEqual({})
      const all = { authorizations: 1, sessions: 1 }
      expect(await purgeAll(store, cutoffsAt(NOW + 15 * MINUTE))).toEqual(all)
    })

    test('an authorization whose refresh token has expired until its access token has expired', async (store) => {
      await authorize(store, { expiresAt: NOW + MINUTE })
      expect((await purgeKind(store, 'authorizations', cutoffsAt(NOW + 15 * MINUTE - 1))).count).toBe(0)
      expect((await purgeKind(store, 'authorizations', cutoffsAt(NOW + 15 * MINUTE))).count).toBe(1)
    })

    test('an expired authorization until its last token has been expired for long enough', async (store) => {
      await authorize(store, { expiresAt: NOW + MINUTE })
      const cutoffs = cutoffsAt(LATER, { expiredUntil: NOW + 15 * MINUTE - 1 })
      expect((await purgeKind(store, 'authorizations', cutoffs)).count).toBe(0)
    })

    test('an authorization that can be refreshed', async (store) => {
      await authorize(store)
      expect((await purgeKind(store, 'authorizations', cutoffsAt(NOW + 60 * MINUTE - 1))).count).toBe(0)
    })

    test('an expired session with an authorization or a code that can be used', async (store) => {
      await authorize(store, { expiresAt: LATER + MINUTE })
      await store.codes.insert(sampleCode({ expiresAt: LATER + MINUTE }), 'alice')
      const countAt = async (now: number) => (await purgeKind(store, 'sessions', cutoffsAt(now))).count
      expect(await countAt(LATER)).toBe(0)
      await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, LATER)
      expect(await countAt(LATER)).toBe(0)
      await store.codes.spend('code', LATER)
      // Not looked at again until the authorization would have expired.
      expect(await countAt(LATER + MINUTE)).toBe(1)
    })

    test('an expired session with a device code that can be exchanged', async (store) => {
      await approveDevice(store, { expiresAt: LATER + MINUTE })
      const countAt = async (now: number) => (await purgeKind(store, 'sessions', cutoffsAt(now))).count
      expect(await countAt(LATER + MINUTE - 1)).toBe(0)
      expect(await countAt(LATER + MINUTE)).toBe(1)
    })

    test('revocations of clients and of the issuer forever', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      await purgeKind(store, 'revocations', cutoffsAt(NOW * 2))
      expect((await store.revocations.listSince(0, NOW * 2, 10)).map(({ kind }) => kind)).toEqual([
        'client',
        'issuer',
      ])
    })

    test('the newest revocation, by which readers recognize the database', async (store) => {
      const order = { kind: 'token', expiresAt: NOW } as const
      for (const jti of ['a', 'b', 'c']) await store.revocations.revoke({ ...order, jti }, NOW)
      expect(await purgeKind(store, 'revocations', cutoffsAt(LATER), { limit: 2 })).toEqual({
        count: 2,
        steps: 2,
      })
      expect((await store.revocations.listSince(0, LATER, 10)).map(({ subject }) => subject)).toEqual(['c'])
    })

    test('a revocation that has not expired', async (store) => {
      await authorize(store)
      const entry = await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await purgeAll(store, cutoffsAt(NOW + 10 * MINUTE))
      expect(await store.revocations.listSince(0, NOW + 10 * MINUTE, 10)).toEqual([entry])
    })
  })
}
