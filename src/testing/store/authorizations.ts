import type { Store } from '../../store/contract.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  authorize,
  BOB,
  countTrue,
  failureOf,
  MINUTE,
  NOW,
  currentEpochs,
  sampleAuthorization,
  sampleClient,
  sampleSession,
  signIn,
} from './samples.ts'

/** What raises an epoch of Alice's authorization. */
const TARGETS: readonly RevocationTarget[] = [
  { kind: 'user', user: ALICE, subject: 'alice' },
  { kind: 'issuer' },
]

export function testAuthorizations(suite: Suite): void {
  testInserting(suite)
  testNewSessions(suite)
  testListing(suite)
}

function testInserting({ describe, test, expect }: Suite): void {
  describe('authorizations', () => {
    test('finds an authorization as it was inserted', async (store) => {
      await signIn(store)
      const full = sampleAuthorization({
        name: 'My script',
        rotations: [{ generation: 0, graceEndsAt: NOW + MINUTE, nodeId: 'node' }],
        generation: 1,
      })
      const minimal = sampleAuthorization({
        id: 'minimal',
        sessionId: null,
        resources: [],
        seedHash: null,
        scopes: [],
      })
      expect(await store.authorizations.insert(full, 'alice')).toBe(true)
      expect(await store.authorizations.insert(minimal, 'alice')).toBe(true)
      expect(await store.authorizations.find('azn')).toEqual(full)
      expect(await store.authorizations.find('minimal')).toEqual(minimal)
      expect(await store.authorizations.find('other')).toBe(undefined)
    })

    test('refuses an authorization of an unknown client', async ({ authorizations }) => {
      expect(await authorizations.insert(sampleAuthorization({ sessionId: null }), 'alice')).toBe(false)
    })

    test('refuses an authorization of a revoked session, unless it does not depend on the session', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.authorizations.insert(sampleAuthorization(), 'alice')).toBe(false)
      expect(await store.authorizations.insert(sampleAuthorization({ sessionId: null }), 'alice')).toBe(true)
    })

    test('refuses an authorization of a revoked client, even if it has the current epoch', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      const epochs = await currentEpochs(store)
      expect(await store.authorizations.insert(sampleAuthorization({ epochs }), 'alice')).toBe(false)
    })

    test('accepts authorizations of reserved client IDs without a client', async ({ authorizations }) => {
      for (const clientId of ['personal-access', 'sign-in']) {
        const reserved = sampleAuthorization({ id: clientId, clientId, sessionId: null })
        expect(await authorizations.insert(reserved, 'alice')).toBe(true)
      }
    })

    test('refuses an id that is taken and changes nothing', async (store) => {
      await authorize(store)
      const session = sampleSession({ id: 'phone' })
      const again = sampleAuthorization({ sessionId: 'phone', scopes: [] })
      expect(await store.authorizations.insert(again, 'alice', session)).toBe(false)
      expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization())
      expect(await store.sessions.find('phone')).toBe(undefined)
    })

    test('inserts an id once under 20 parallel attempts', async (store) => {
      await signIn(store)
      const inserts = Array.from({ length: 20 }, () =>
        store.authorizations.insert(sampleAuthorization(), 'alice'),
      )
      expect(countTrue(await Promise.all(inserts))).toBe(1)
    })

    for (const target of TARGETS) {
      test(`refuses an authorization whose ${target.kind} epoch was raised after it was read`, async (store) => {
        await signIn(store)
        const epochs = await currentEpochs(store)
        await store.revocations.revoke(target, NOW)
        const late = sampleAuthorization({ sessionId: null, epochs })
        expect(await store.authorizations.insert(late, 'alice')).toBe(false)
        const inTime = { ...late, epochs: await currentEpochs(store) }
        expect(await store.authorizations.insert(inTime, 'alice')).toBe(true)
      })
    }
  })
}

function testNewSessions({ describe, test, expect }: Suite): void {
  describe('a session that starts with an authorization', () => {
    const PHONE = sampleSession({ id: 'phone' })

    test('is inserted together with it', async (store) => {
      await signIn(store)
      const authorization = sampleAuthorization({ sessionId: 'phone' })
      expect(await store.authorizations.insert(authorization, 'alice', PHONE)).toBe(true)
      expect(await store.sessions.find('phone')).toEqual(PHONE)
      expect(await store.authorizations.find('azn')).toEqual(authorization)
    })

    test('is not inserted if the authorization is refused', async (store) => {
      await signIn(store)
      const refused = sampleAuthorization({ sessionId: 'phone', clientId: 'unknown' })
      expect(await store.authorizations.insert(refused, 'alice', PHONE)).toBe(false)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.authorizations.insert(sampleAuthorization(), 'alice', PHONE)).toBe(false)
      expect(await store.sessions.find('phone')).toBe(undefined)
    })

    test('must have current epochs itself', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      const epochs = await currentEpochs(store)
      const authorization = sampleAuthorization({ sessionId: 'phone', epochs })
      expect(await store.authorizations.insert(authorization, 'alice', PHONE)).toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
      const late = { ...PHONE, userEpoch: epochs.user }
      expect(await store.authorizations.insert(authorization, 'alice', late)).toBe(true)
    })

    test('fails if its cookie is taken, and inserts neither', async (store) => {
      await signIn(store)
      const session = { ...PHONE, cookieHash: 'cookie of laptop' }
      const authorization = sampleAuthorization({ sessionId: 'phone' })
      const failure = await failureOf(store.authorizations.insert(authorization, 'alice', session))
      expect(failure === 'no failure').toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
    })
  })

  describe('marking authorizations as used', () => {
    const usesOf = ({ authorizations }: Store, ids: readonly string[]) =>
      Promise.all(ids.map(async (id) => (await authorizations.find(id))?.lastUsedAt))

    test('moves the last use forward, never back, and ignores unknown ids', async (store) => {
      await authorize(store)
      for (const id of ['later', 'untouched'])
        await store.authorizations.insert(sampleAuthorization({ id, lastUsedAt: NOW + 5 }), 'alice')
      await store.authorizations.markUsed(
        new Map([
          ['nothing', NOW + 3],
          ['later', NOW + 3],
          ['azn', NOW + 3],
        ]),
      )
      expect(await usesOf(store, ['azn', 'later', 'untouched'])).toEqual([NOW + 3, NOW + 5, NOW + 5])
      await store.authorizations.markUsed(new Map())
      expect(await usesOf(store, ['azn'])).toEqual([NOW + 3])
    })

    test('keeps the latest of several parallel uses', async (store) => {
      await authorize(store)
      const times = [7, 3, 9, 1, 8]
      await Promise.all(times.map((time) => store.authorizations.markUsed(new Map([['azn', NOW + time]]))))
      expect(await usesOf(store, ['azn'])).toEqual([NOW + 9])
    })
  })
}

function testListing({ describe, test, expect }: Suite): void {
  describe('listing authorizations', () => {
    test('lists those of a user that have a valid token, newest first', async (store) => {
      await signIn(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      const past = { expiresAt: NOW, accessExpiresAt: NOW }
      const rows = [
        sampleAuthorization({ id: 'oldest', createdAt: NOW - 2 }),
        sampleAuthorization({ id: 'access only', createdAt: NOW - 1, expiresAt: NOW }),
        sampleAuthorization({ id: 'refresh only', clientId: 'other', accessExpiresAt: NOW }),
        sampleAuthorization({ id: 'expired', ...past }),
        sampleAuthorization({ id: 'revoked' }),
        sampleAuthorization({ id: 'bob', ...BOB }),
        sampleAuthorization({ id: 'admin', provider: 'admins' }),
      ]
      for (const row of rows) await store.authorizations.insert(row, row.userId)
      await store.revocations.revoke({ kind: 'authorization', id: 'revoked' }, NOW)
      const ids = (await store.authorizations.listByUser(ALICE, NOW)).map(({ id }) => id)
      expect(ids).toEqual(['refresh only', 'access only', 'oldest'])
    })

    test('lists at most 100 of all users unless a limit is given', async (store) => {
      await signIn(store)
      for (let index = 0; index < 101; index++)
        await store.authorizations.insert(sampleAuthorization({ id: `azn-${index}` }), 'alice')
      expect((await store.authorizations.list(NOW)).length).toBe(100)
      expect((await store.authorizations.list(NOW, { limit: 200 })).length).toBe(101)
    })

    test('lists those of all users or of one client, by id, in pages', async (store) => {
      await signIn(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      const past = { expiresAt: NOW, accessExpiresAt: NOW }
      const rows = [
        sampleAuthorization({ id: 'd', clientId: 'other', accessExpiresAt: NOW }),
        sampleAuthorization({ id: 'c', ...BOB }),
        sampleAuthorization({ id: 'b', expiresAt: NOW }),
        sampleAuthorization({ id: 'a', ...past }),
        sampleAuthorization({ id: 'e' }),
      ]
      for (const row of rows) await store.authorizations.insert(row, row.userId)
      await store.revocations.revoke({ kind: 'authorization', id: 'e' }, NOW)
      const idsOf = async (page: { limit?: number; after?: string; clientId?: string }) =>
        (await store.authorizations.list(NOW, page)).map(({ id }) => id)
      expect(await idsOf({})).toEqual(['b', 'c', 'd'])
      expect(await idsOf({ limit: 2 })).toEqual(['b', 'c'])
      expect(await idsOf({ after: 'b', clientId: 'web' })).toEqual(['c'])
      expect(await idsOf({ clientId: 'other' })).toEqual(['d'])
    })
  })
}
