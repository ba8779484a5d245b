import type { Authorization } from '../../model/authorization.ts'
import type { Session } from '../../model/session.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  authorize,
  BOB,
  MINUTE,
  NOW,
  sampleAuthorization,
  sampleClient,
  sampleSession,
} from './samples.ts'

export function testSessions({ describe, test, expect }: Suite): void {
  describe('sessions', () => {
    test('finds a session by id and by cookie', async ({ sessions }) => {
      expect(await sessions.insert(sampleSession(), 'alice')).toBe(true)
      expect(await sessions.find('laptop')).toEqual(sampleSession())
      expect(await sessions.findByCookie('cookie of laptop')).toEqual(sampleSession())
      expect(await sessions.find('phone')).toBe(undefined)
      expect(await sessions.findByCookie('cookie of phone')).toBe(undefined)
    })

    test('refuses a sign-in that started before the user epoch was raised', async (store) => {
      const { user: userEpoch } = await store.revocations.readEpochs('alice', '')
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      expect(await store.sessions.insert(sampleSession({ userEpoch }), 'alice')).toBe(false)
      expect(await store.sessions.find('laptop')).toBe(undefined)
      expect(await store.sessions.insert(sampleSession({ userEpoch: userEpoch + 1 }), 'alice')).toBe(true)
    })

    test('refuses a sign-in that started before the issuer epoch was raised', async ({
      sessions,
      revocations,
    }) => {
      await revocations.revoke({ kind: 'issuer' }, NOW)
      expect(await sessions.insert(sampleSession(), 'alice')).toBe(false)
      expect(await sessions.insert(sampleSession({ issuerEpoch: 1 }), 'alice')).toBe(true)
    })

    test('ignores the epochs of other users', async ({ sessions, revocations }) => {
      await revocations.revoke({ kind: 'user', user: BOB, subject: 'bob' }, NOW)
      expect(await sessions.insert(sampleSession(), 'alice')).toBe(true)
    })

    describe('renewing a session', () => {
      const renewal = {
        cookieHash: 'another cookie',
        appSessionHash: 'another app session',
        issuerEpoch: 0,
        userEpoch: 0,
        authenticatedAt: NOW + MINUTE,
        lastSeenAt: NOW + MINUTE,
        expiresAt: NOW + 90 * MINUTE,
        isPersistent: true,
        methods: ['hwk', 'user'],
        subject: 'alice',
      }

      test('replaces its cookie, and the old cookie stops working', async ({ sessions }) => {
        await sessions.insert(sampleSession(), 'alice')
        expect(await sessions.renew('laptop', renewal)).toBe(true)
        const { subject: _, ...renewed } = renewal
        expect(await sessions.findByCookie('another cookie')).toEqual(sampleSession(renewed))
        expect(await sessions.findByCookie('cookie of laptop')).toBe(undefined)
      })

      test('replaces all values of the earlier sign-in', async ({ sessions }) => {
        await sessions.insert(sampleSession({ isPersistent: true }), 'alice')
        const { subject, ...values } = { ...renewal, isPersistent: false }
        expect(await sessions.renew('laptop', { ...values, subject })).toBe(true)
        expect(await sessions.find('laptop')).toEqual(sampleSession(values))
      })

      test('is refused if the session is revoked or unknown', async ({ sessions, revocations }) => {
        await sessions.insert(sampleSession(), 'alice')
        await revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
        expect(await sessions.renew('laptop', renewal)).toBe(false)
        expect(await sessions.renew('phone', renewal)).toBe(false)
        expect(await sessions.findByCookie('another cookie')).toBe(undefined)
      })

      test('is refused if the user epoch was raised after the sign-in started', async ({
        sessions,
        revocations,
      }) => {
        await revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
        await sessions.insert(sampleSession({ userEpoch: 1 }), 'alice')
        expect(await sessions.renew('laptop', renewal)).toBe(false)
        expect(await sessions.renew('laptop', { ...renewal, userEpoch: 1 })).toBe(true)
      })
    })

    test('moves both times forward on touch, never back', async ({ sessions }) => {
      await sessions.insert(sampleSession(), 'alice')
      const later = { lastSeenAt: NOW + MINUTE, expiresAt: NOW + 90 * MINUTE }
      await sessions.touch('laptop', later.lastSeenAt, later.expiresAt)
      expect(await sessions.find('laptop')).toEqual(sampleSession(later))
      await sessions.touch('laptop', NOW, NOW)
      expect(await sessions.find('laptop')).toEqual(sampleSession(later))
      await sessions.touch('laptop', NOW, NOW + 91 * MINUTE)
      expect(await sessions.find('laptop')).toEqual(sampleSession({ ...later, expiresAt: NOW + 91 * MINUTE }))
    })

    test('does not touch a revoked session', async ({ sessions, revocations }) => {
      await sessions.insert(sampleSession(), 'alice')
      await revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await sessions.touch('laptop', NOW + MINUTE, NOW + 90 * MINUTE)
      expect(await sessions.find('laptop')).toEqual(sampleSession({ revokedAt: NOW }))
    })

    test('moves the time of the last proof forward, never back', async ({ sessions }) => {
      await sessions.insert(sampleSession(), 'alice')
      await sessions.insert(sampleSession({ id: 'phone' }), 'alice')
      expect(await sessions.confirm('laptop', NOW + MINUTE)).toBe(true)
      expect(await sessions.confirm('laptop', NOW)).toBe(true)
      expect(await sessions.find('laptop')).toEqual(sampleSession({ authenticatedAt: NOW + MINUTE }))
      expect(await sessions.find('phone')).toEqual(sampleSession({ id: 'phone' }))
    })

    test('does not confirm a revoked or unknown session', async ({ sessions, revocations }) => {
      await sessions.insert(sampleSession(), 'alice')
      await revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await sessions.confirm('laptop', NOW + MINUTE)).toBe(false)
      expect(await sessions.confirm('phone', NOW + MINUTE)).toBe(false)
      expect((await sessions.find('laptop'))?.authenticatedAt).toBe(NOW)
    })

    test('finds revoked and expired sessions by their cookie', async ({ sessions, revocations }) => {
      await sessions.insert(sampleSession({ expiresAt: NOW - MINUTE }), 'alice')
      await revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect((await sessions.findByCookie('cookie of laptop'))?.revokedAt).toBe(NOW)
    })

    test('lists the unrevoked, unexpired sessions of a user, last seen first', async ({
      sessions,
      revocations,
    }) => {
      const seen = (id: string, lastSeenAt: number) => sampleSession({ id, lastSeenAt })
      const others = [
        sampleSession({ id: 'bob', ...BOB }),
        sampleSession({ id: 'admin', provider: 'admins' }),
      ]
      const mine = [seen('old', NOW - MINUTE), seen('new', NOW), seen('revoked', NOW)]
      for (const session of [...mine, ...others]) await sessions.insert(session, session.userId)
      await sessions.insert(sampleSession({ id: 'expired', expiresAt: NOW }), 'alice')
      await revocations.revoke({ kind: 'session', id: 'revoked' }, NOW)
      expect((await sessions.listByUser(ALICE, NOW)).map(({ id }) => id)).toEqual(['new', 'old'])
    })

    test('lists the sessions of all users, by id, in pages', async (store) => {
      const rows = [
        sampleSession({ id: 'd' }),
        sampleSession({ id: 'c', ...BOB }),
        sampleSession({ id: 'b', provider: 'admins' }),
        sampleSession({ id: 'a', expiresAt: NOW }),
        sampleSession({ id: 'e' }),
      ]
      for (const row of rows) await store.sessions.insert(row, row.userId)
      await store.revocations.revoke({ kind: 'session', id: 'e' }, NOW)
      const idsOf = async (page: { limit?: number; after?: string }) =>
        (await store.sessions.list(NOW, page)).map(({ id }) => id)
      expect(await idsOf({})).toEqual(['b', 'c', 'd'])
      expect(await idsOf({ limit: 1, after: 'b' })).toEqual(['c'])
      expect((await store.sessions.list(NOW)).length).toBe(3)
    })

    test('lists an expired session if one of its authorizations has a valid token', async (store) => {
      await store.clients.insert(sampleClient())
      const kinds: Readonly<Record<string, Partial<Authorization>>> = {
        refreshable: { expiresAt: NOW + 1, accessExpiresAt: NOW },
        usable: { expiresAt: NOW, accessExpiresAt: NOW + 1 },
        expired: { expiresAt: NOW, accessExpiresAt: NOW },
        revoked: { expiresAt: NOW + 1 },
      }
      for (const [id, changes] of Object.entries(kinds)) {
        await store.sessions.insert(sampleSession({ id, expiresAt: NOW }), 'alice')
        await store.authorizations.insert(sampleAuthorization({ id, sessionId: id, ...changes }), 'alice')
      }
      await store.revocations.revoke({ kind: 'authorization', id: 'revoked' }, NOW)
      const valid = ['refreshable', 'usable']
      expect((await store.sessions.listByUser(ALICE, NOW)).map(({ id }) => id)).toEqual(valid)
      expect((await store.sessions.list(NOW)).map(({ id }) => id)).toEqual(valid)
      expect(await store.sessions.list(NOW, { after: 'usable' })).toEqual([])
      expect(await store.sessions.listByUser(BOB, NOW)).toEqual([])
    })

    test('tells when a device was last seen: its last visit or the last use of its authorizations', async (store) => {
      await store.clients.insert(sampleClient())
      const lastUses: Readonly<Record<string, readonly number[]>> = {
        none: [],
        earlier: [NOW - 2 * MINUTE],
        later: [NOW + MINUTE, NOW + 3 * MINUTE, NOW + 2 * MINUTE],
        revoked: [NOW + 4 * MINUTE],
      }
      for (const [id, uses] of Object.entries(lastUses)) {
        await store.sessions.insert(sampleSession({ id, lastSeenAt: NOW }), 'alice')
        for (const lastUsedAt of uses)
          await store.authorizations.insert(
            sampleAuthorization({ id: `${id} ${lastUsedAt}`, sessionId: id, lastUsedAt }),
            'alice',
          )
      }
      await store.revocations.revoke({ kind: 'authorization', id: `revoked ${NOW + 4 * MINUTE}` }, NOW)
      const seen = ({ id, lastSeenAt }: Session) => [id, (lastSeenAt - NOW) / MINUTE]
      const expected = [
        ['revoked', 4],
        ['later', 3],
        ['earlier', 0],
        ['none', 0],
      ]
      expect((await store.sessions.listByUser(ALICE, NOW)).map(seen)).toEqual(expected)
      expect((await store.sessions.find('later'))?.lastSeenAt).toBe(NOW + 3 * MINUTE)
      expect((await store.sessions.findByCookie('cookie of later'))?.lastSeenAt).toBe(NOW)
      expect((await store.sessions.list(NOW)).map(seen)).toEqual(
        expected.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
      )
    })

    test('lists at most 100 sessions of all users unless a limit is given', async ({ sessions }) => {
      for (let index = 0; index < 101; index++)
        await sessions.insert(sampleSession({ id: `session-${index}` }), 'alice')
      expect((await sessions.list(NOW)).length).toBe(100)
      expect((await sessions.list(NOW, { limit: 200 })).length).toBe(101)
    })

    test('never lists a revoked session', async (store) => {
      await authorize(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await store.authorizations.insert(sampleAuthorization({ id: 'other', sessionId: null }), 'alice')
      expect(await store.sessions.listByUser(ALICE, NOW)).toEqual([])
      expect(await store.sessions.list(NOW)).toEqual([])
    })
  })
}
