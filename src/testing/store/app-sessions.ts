import type { Store } from '../../store/contract.ts'
import { cutoffsAt } from './purge-steps.ts'
import type { Suite } from './suite.ts'
import { ALICE, BOB, MINUTE, NOW, sampleSession } from './samples.ts'

const DAY = 86_400_000
const USER = { kind: 'user', user: ALICE, subject: 'alice' } as const

/** Sessions of users who sign in to the app. */
export function testAppSessions({ describe, test, expect }: Suite): void {
  describe('sessions with an app session', () => {
    test('are listed by its hash, revoked and expired ones included', async (store) => {
      await insertSessions(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      const listed = await store.sessions.listByAppSession(['one', 'two'])
      expect(listed.map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
        ['laptop', NOW],
        ['phone', null],
      ])
      expect(await store.sessions.listByAppSession(['three'])).toEqual([])
    })

    test('are inserted once, however many requests try at the same time', async ({ sessions }) => {
      const attempts = ['a', 'b', 'c'].map((id) =>
        sessions.insert(sampleSession({ id, cookieHash: 'same', appSessionHash: 'one' }), 'alice'),
      )
      const inserted = (await Promise.all(attempts)).filter(Boolean)
      expect(inserted.length).toBe(1)
      expect((await sessions.listByAppSession(['one'])).length).toBe(1)
    })

    test('are not renewed with the cookie of another session', async (store) => {
      await insertSessions(store)
      const { cookieHash } = sampleSession({ id: 'phone' })
      const renewal = { ...sampleSession(), cookieHash, subject: 'alice' }
      expect(await store.sessions.renew('laptop', renewal)).toBe(false)
    })

    test('can be inserted as revoked, whatever the epochs are', async (store) => {
      await store.revocations.revoke(USER, NOW)
      const ended = sampleSession({ userId: '', appSessionHash: 'one', revokedAt: NOW })
      await store.sessions.insertRevoked(ended)
      expect(await store.sessions.listByAppSession(['one'])).toEqual([ended])
    })

    test('tell whether a sign-in was revoked, by its user and exact time', async (store) => {
      await insertSessions(store)
      expect(await store.sessions.hasRevokedSignIn(ALICE, NOW)).toBe(false)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW + MINUTE)
      expect(await store.sessions.hasRevokedSignIn(ALICE, NOW)).toBe(true)
      expect(await store.sessions.hasRevokedSignIn(ALICE, NOW + 1)).toBe(false)
      expect(await store.sessions.hasRevokedSignIn(BOB, NOW)).toBe(false)
      await store.revocations.revoke({ kind: 'session', id: 'bob' }, NOW + MINUTE)
      expect(await store.sessions.hasRevokedSignIn(BOB, NOW)).toBe(false)
    })

    test('are kept for 400 days after they were revoked, unless they have no user', async (store) => {
      await insertSessions(store)
      const ended = sampleSession({ id: 'ended', userId: '', appSessionHash: 'one', revokedAt: NOW })
      await store.sessions.insertRevoked(ended)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await store.revocations.revoke({ kind: 'session', id: 'bob' }, NOW)
      expect(await purgeAt(store, NOW + DAY)).toBe(3)
      expect((await store.sessions.listByAppSession(['one'])).map(({ id }) => id)).toEqual(['laptop'])
      expect(await purgeAt(store, NOW + 400 * DAY - 1)).toBe(0)
      expect(await purgeAt(store, NOW + 400 * DAY)).toBe(1)
    })
  })

  describe('the time of the last sign-out everywhere', () => {
    test('is that of the user or of the issuer, whichever is later', async ({ revocations }) => {
      expect(await revocations.readSignOutTime('alice')).toBe(0)
      await revocations.revoke(USER, NOW)
      expect(await revocations.readSignOutTime('alice')).toBe(NOW)
      expect(await revocations.readSignOutTime('bob')).toBe(0)
      await revocations.revoke({ kind: 'issuer' }, NOW + 1)
      expect(await revocations.readSignOutTime('alice')).toBe(NOW + 1)
      expect(await revocations.readSignOutTime('bob')).toBe(NOW + 1)
      await revocations.revoke(USER, NOW + 2)
      expect(await revocations.readSignOutTime('alice')).toBe(NOW + 2)
    })
  })
}

/** Alice's laptop and phone have app sessions. Bob's session has none. */
async function insertSessions({ sessions }: Store): Promise<void> {
  await sessions.insert(sampleSession({ appSessionHash: 'one' }), 'alice')
  await sessions.insert(sampleSession({ id: 'phone', appSessionHash: 'two', expiresAt: NOW }), 'alice')
  await sessions.insert(sampleSession({ ...BOB, id: 'bob' }), 'bob')
}

/** Purges the sessions that ended by a time. Returns how many were deleted. */
async function purgeAt(store: Store, now: number): Promise<number> {
  const cutoffs = cutoffsAt(now)
  const step = { kind: 'sessions', cutoffs, after: undefined, limit: 100, isDryRun: false } as const
  return (await store.purge.step(step)).count
}
