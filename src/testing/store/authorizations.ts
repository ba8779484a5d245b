import type { RefreshUpdate, Store } from '../../store/contract.ts'
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
  presentEpochs,
  sampleAuthorization,
  sampleClient,
  sampleSession,
  signIn,
} from './samples.ts'

const NEXT: RefreshUpdate = {
  id: 'azn',
  from: 0,
  to: 1,
  rotations: [{ generation: 0, graceEndsAt: NOW + MINUTE }],
  lastUsedAt: NOW + 1,
  expiresAt: NOW + 90 * MINUTE,
  accessExpiresAt: NOW + 20 * MINUTE,
}

const ORDERS: readonly RevocationTarget[] = [
  { kind: 'authorization', id: 'azn' },
  { kind: 'session', id: 'laptop' },
  { kind: 'client', id: 'web' },
  { kind: 'user', user: ALICE, subject: 'alice' },
  { kind: 'issuer' },
]

/** Authorizations: one row each, moved forward by one racer at a time. */
export function testAuthorizations(suite: Suite): void {
  testInserting(suite)
  testBeginnings(suite)
  testAdvancing(suite)
  testListing(suite)
}

function testInserting({ describe, test, expect }: Suite): void {
  describe('authorizations', () => {
    test('an authorization is found as it was inserted', async (store) => {
      await signIn(store)
      const full = sampleAuthorization({ name: 'My script', rotations: NEXT.rotations, generation: 1 })
      const bare = sampleAuthorization({
        id: 'bare',
        sessionId: null,
        resources: [],
        seedHash: null,
        scopes: [],
      })
      expect(await store.authorizations.insert(full, 'alice')).toBe(true)
      expect(await store.authorizations.insert(bare, 'alice')).toBe(true)
      expect(await store.authorizations.find('azn')).toEqual(full)
      expect(await store.authorizations.find('bare')).toEqual(bare)
      expect(await store.authorizations.find('other')).toBe(undefined)
    })

    test('an authorization of an unknown client is refused', async ({ authorizations }) => {
      expect(await authorizations.insert(sampleAuthorization({ sessionId: null }), 'alice')).toBe(false)
    })

    test('an authorization of a revoked session is refused, one without a session is not', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.authorizations.insert(sampleAuthorization(), 'alice')).toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
      expect(await store.authorizations.insert(sampleAuthorization({ sessionId: null }), 'alice')).toBe(true)
    })

    test('an authorization of a revoked client is refused, even of its present epoch', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      const epochs = await presentEpochs(store)
      expect(await store.authorizations.insert(sampleAuthorization({ epochs }), 'alice')).toBe(false)
    })

    test('a personal access token, one with a name, has no client to live', async ({ authorizations }) => {
      const personal = sampleAuthorization({ name: 'My script', clientId: 'none', sessionId: null })
      expect(await authorizations.insert(personal, 'alice')).toBe(true)
      expect(await authorizations.find('azn')).toEqual(personal)
    })

    test('an id that is taken is refused, and what has it stays as it is', async (store) => {
      await authorize(store)
      const session = sampleSession({ id: 'phone' })
      const again = sampleAuthorization({ sessionId: 'phone', scopes: [] })
      expect(await store.authorizations.insert(again, 'alice', session)).toBe(false)
      expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization())
      expect(await store.sessions.find('phone')).toBe(undefined)
    })

    test('of 20 inserts with one id at once, one is made', async (store) => {
      await signIn(store)
      const inserts = Array.from({ length: 20 }, () =>
        store.authorizations.insert(sampleAuthorization(), 'alice'),
      )
      expect(countTrue(await Promise.all(inserts))).toBe(1)
    })

    for (const order of ORDERS.slice(3)) {
      test(`an authorization whose epochs were read before a raise (${order.kind}) is refused`, async (store) => {
        await signIn(store)
        const epochs = await presentEpochs(store)
        await store.revocations.revoke(order, NOW)
        const late = sampleAuthorization({ sessionId: null, epochs })
        expect(await store.authorizations.insert(late, 'alice')).toBe(false)
        const inTime = { ...late, epochs: await presentEpochs(store) }
        expect(await store.authorizations.insert(inTime, 'alice')).toBe(true)
      })
    }
  })
}

function testBeginnings({ describe, test, expect }: Suite): void {
  describe('a session that begins with an authorization', () => {
    const PHONE = sampleSession({ id: 'phone' })

    test('is inserted with it', async (store) => {
      await signIn(store)
      const authorization = sampleAuthorization({ sessionId: 'phone' })
      expect(await store.authorizations.insert(authorization, 'alice', PHONE)).toBe(true)
      expect(await store.sessions.find('phone')).toEqual(PHONE)
      expect(await store.authorizations.find('azn')).toEqual(authorization)
    })

    test('is not inserted where the authorization is refused', async (store) => {
      await signIn(store)
      const ofNobody = sampleAuthorization({ sessionId: 'phone', clientId: 'unknown' })
      expect(await store.authorizations.insert(ofNobody, 'alice', PHONE)).toBe(false)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.authorizations.insert(sampleAuthorization(), 'alice', PHONE)).toBe(false)
      expect(await store.sessions.find('phone')).toBe(undefined)
    })

    test('has epochs of its own, which must live', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      const epochs = await presentEpochs(store)
      const authorization = sampleAuthorization({ sessionId: 'phone', epochs })
      expect(await store.authorizations.insert(authorization, 'alice', PHONE)).toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
      const late = { ...PHONE, userEpoch: epochs.user }
      expect(await store.authorizations.insert(authorization, 'alice', late)).toBe(true)
    })

    test('whose cookie another one has is a failure, and leaves nothing', async (store) => {
      await signIn(store)
      const session = { ...PHONE, cookieHash: 'cookie of laptop' }
      const authorization = sampleAuthorization({ sessionId: 'phone' })
      const failure = await failureOf(store.authorizations.insert(authorization, 'alice', session))
      expect(failure === 'no failure').toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
    })
  })

  describe('the last use of authorizations', () => {
    const usesOf = ({ authorizations }: Store, ids: readonly string[]) =>
      Promise.all(ids.map(async (id) => (await authorizations.find(id))?.lastUsedAt))

    test('moves forward, never backward, of those that are named and there', async (store) => {
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

    test('that several mark at once is the last of all', async (store) => {
      await authorize(store)
      const times = [7, 3, 9, 1, 8]
      await Promise.all(times.map((time) => store.authorizations.markUsed(new Map([['azn', NOW + time]]))))
      expect(await usesOf(store, ['azn'])).toEqual([NOW + 9])
    })
  })
}

function testAdvancing({ describe, test, expect }: Suite): void {
  describe('advance', () => {
    test('an advance from the present generation changes what it names', async (store) => {
      await authorize(store)
      expect(await store.authorizations.refresh(NEXT, 'alice')).toBe(true)
      const { id: _, from: __, to: generation, ...changes } = NEXT
      expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization({ ...changes, generation }))
    })

    test('an advance from any other generation, or of nothing, is false and changes nothing', async (store) => {
      await authorize(store, { generation: 5 })
      for (const from of [4, 6]) {
        expect(await store.authorizations.refresh({ ...NEXT, from, to: from + 1 }, 'alice')).toBe(false)
      }
      expect(await store.authorizations.refresh({ ...NEXT, id: 'other' }, 'alice')).toBe(false)
      expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization({ generation: 5 }))
    })

    test('a repeat stays at its generation and counts as done, even if it changes nothing', async (store) => {
      await authorize(store)
      const repeat = { ...NEXT, to: 0, rotations: [] }
      expect(await store.authorizations.refresh(repeat, 'alice')).toBe(true)
      expect(await store.authorizations.refresh(repeat, 'alice')).toBe(true)
      expect((await store.authorizations.find('azn'))?.generation).toBe(0)
    })

    test('the latest access-token expiry is never lowered', async (store) => {
      await authorize(store)
      await store.authorizations.refresh({ ...NEXT, accessExpiresAt: NOW + MINUTE }, 'alice')
      expect((await store.authorizations.find('azn'))?.accessExpiresAt).toBe(NOW + 15 * MINUTE)
    })

    test('of 200 advances from one generation exactly one succeeds', async (store) => {
      await authorize(store)
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => store.authorizations.refresh(NEXT, 'alice')),
      )
      expect(countTrue(answers)).toBe(1)
      expect((await store.authorizations.find('azn'))?.generation).toBe(1)
    })

    for (const order of ORDERS) {
      test(`nothing advances after a revocation (${order.kind})`, async (store) => {
        await authorize(store)
        await store.revocations.revoke(order, NOW)
        expect(await store.authorizations.refresh(NEXT, 'alice')).toBe(false)
        expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      })
    }

    test('an advance needs the epochs of the row to live, whether it was marked or not', async (store) => {
      await authorize(store)
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user: elsewhere, subject: 'alice' }, NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(null)
      expect(await store.authorizations.refresh(NEXT, 'alice')).toBe(false)
    })
  })
}

function testListing({ describe, test, expect }: Suite): void {
  describe('lists of authorizations', () => {
    test('the list holds what still has a living token, newest first', async (store) => {
      await signIn(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      const past = { expiresAt: NOW, accessExpiresAt: NOW }
      const rows = [
        sampleAuthorization({ id: 'oldest', createdAt: NOW - 2 }),
        sampleAuthorization({ id: 'access only', createdAt: NOW - 1, expiresAt: NOW }),
        sampleAuthorization({ id: 'refresh only', clientId: 'other', accessExpiresAt: NOW }),
        sampleAuthorization({ id: 'expired', ...past }),
        sampleAuthorization({ id: 'revoked' }),
        sampleAuthorization({ id: 'of bob', ...BOB }),
        sampleAuthorization({ id: 'of an admin', provider: 'admins' }),
      ]
      for (const row of rows) await store.authorizations.insert(row, row.userId)
      await store.revocations.revoke({ kind: 'authorization', id: 'revoked' }, NOW)
      const ids = (await store.authorizations.listByUser(ALICE, NOW)).map(({ id }) => id)
      expect(ids).toEqual(['refresh only', 'access only', 'oldest'])
    })

    test('the list of all holds what lives of everybody, by id, in pages, of one client where one is named', async (store) => {
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
