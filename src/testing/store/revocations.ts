import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  authorize,
  BOB,
  MINUTE,
  NOW,
  presentEpochs,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

const TOKEN: RevocationTarget = { kind: 'token', jti: 'azn.1', expiresAt: NOW + MINUTE }
const USER: RevocationTarget = { kind: 'user', user: ALICE, subject: 'alice' }
const LAPTOP: RevocationTarget = { kind: 'session', id: 'laptop' }
const WEB: RevocationTarget = { kind: 'client', id: 'web' }

/** Revocations: what each order ends, and the feed that tells of it. */
export function testRevocations(suite: Suite): void {
  testOrders(suite)
  testLifetimes(suite)
  testFeed(suite)
}

function testOrders({ describe, test, expect }: Suite): void {
  describe('revocation orders', () => {
    test('what does not exist cannot be revoked', async ({ revocations }) => {
      for (const kind of ['authorization', 'session', 'client'] as const) {
        expect(await revocations.revoke({ kind, id: 'nothing' }, NOW)).toBe(undefined)
      }
      expect(await revocations.listSince(0, NOW, 100)).toEqual([])
    })

    test('an authorization is revoked alone', async (store) => {
      await authorize(store)
      await store.authorizations.insert(sampleAuthorization({ id: 'other' }), 'alice')
      await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('other'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(null)
    })

    test('a session is revoked with what ends with it, and nothing else', async (store) => {
      await authorize(store)
      await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
      await store.authorizations.insert(sampleAuthorization({ id: 'on phone', sessionId: 'phone' }), 'alice')
      await store.authorizations.insert(sampleAuthorization({ id: 'outlives', sessionId: null }), 'alice')
      await store.revocations.revoke(LAPTOP, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.sessions.find('phone'))?.revokedAt).toBe(null)
      expect((await store.authorizations.find('on phone'))?.revokedAt).toBe(null)
      expect((await store.authorizations.find('outlives'))?.revokedAt).toBe(null)
    })

    test('a person is revoked on every device, and nobody else is', async (store) => {
      await authorize(store)
      await store.authorizations.insert(sampleAuthorization({ id: 'personal', sessionId: null }), 'alice')
      await store.sessions.insert(sampleSession({ id: 'of bob', ...BOB }), 'bob')
      await store.authorizations.insert(
        sampleAuthorization({ id: 'bob', ...BOB, sessionId: 'of bob' }),
        'bob',
      )
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke(USER, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('personal'))?.revokedAt).toBe(NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      expect((await store.sessions.find('of bob'))?.revokedAt).toBe(null)
      expect((await store.authorizations.find('bob'))?.revokedAt).toBe(null)
    })

    test('a client is marked revoked with all that it was given; sessions stay', async (store) => {
      await authorize(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      await store.authorizations.insert(sampleAuthorization({ id: 'other', clientId: 'other' }), 'alice')
      await store.revocations.revoke(WEB, NOW)
      expect((await store.clients.find('web'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('other'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(null)
    })

    test('the issuer revokes everything, and no client', async (store) => {
      await authorize(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      expect((await store.clients.find('web'))?.revokedAt).toBe(null)
    })

    test('the moment of the first revocation stays', async (store) => {
      await authorize(store)
      await store.revocations.revoke(LAPTOP, NOW)
      for (const order of [LAPTOP, USER, WEB, { kind: 'authorization', id: 'azn' }] as const) {
        await store.revocations.revoke(order, NOW + 1)
      }
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
    })

    test('a spent code is not voided', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.codes.spend('code', NOW)
      await store.revocations.revoke(LAPTOP, NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(null)
    })

    test('epochs begin at 0 and each order raises its own', async (store) => {
      await signIn(store)
      expect(await presentEpochs(store)).toEqual({ issuer: 0, client: 0, user: 0 })
      await store.revocations.revoke(USER, NOW)
      expect(await presentEpochs(store)).toEqual({ issuer: 0, client: 0, user: 1 })
      await store.revocations.revoke(WEB, NOW)
      expect(await presentEpochs(store)).toEqual({ issuer: 0, client: 1, user: 1 })
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect(await presentEpochs(store)).toEqual({ issuer: 1, client: 1, user: 1 })
      expect(await store.revocations.readEpochs('bob', 'other')).toEqual({ issuer: 1, client: 0, user: 0 })
    })

    test('the epoch of the issuer can be raised far beyond what it was, and never falls', async (store) => {
      await authorize(store)
      const far = 5_000_000_000
      const first = await store.revocations.revoke({ kind: 'issuer', minimumEpoch: far }, NOW)
      expect([first?.epoch, (await presentEpochs(store)).issuer]).toEqual([far, far])
      expect(
        await store.sessions.insert(sampleSession({ id: 'before', issuerEpoch: far - 1 }), 'alice'),
      ).toBe(false)
      for (const order of [{ kind: 'issuer', atLeast: 7 }, { kind: 'issuer' }] as const)
        await store.revocations.revoke(order, NOW)
      expect((await presentEpochs(store)).issuer).toBe(far + 2)
    })

    test('orders at once each raise the epoch', async ({ revocations }) => {
      const entries = await Promise.all(Array.from({ length: 50 }, () => revocations.revoke(USER, NOW)))
      expect(new Set(entries.map((entry) => entry?.epoch)).size).toBe(50)
      expect((await revocations.readEpochs('alice', 'web')).user).toBe(50)
    })
  })
}

function testLifetimes({ describe, test, expect }: Suite): void {
  describe('revocation entries', () => {
    const BARE = { epoch: 0, expiresAt: NOW + MINUTE }

    test('the entry of a token lives as long as the token', async ({ revocations }) => {
      const entry = await revocations.revoke(TOKEN, NOW)
      expect(entry).toEqual({ id: entry?.id, kind: 'token', subject: 'azn.1', ...BARE })
    })

    test('the entry of an authorization lives as long as its last access token', async (store) => {
      await authorize(store)
      const entry = await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      const expiresAt = NOW + 15 * MINUTE
      expect(entry).toEqual({ id: entry?.id, kind: 'authorization', subject: 'azn', epoch: 0, expiresAt })
    })

    test('the entry of a session lives as long as the last token that was given in it', async (store) => {
      await authorize(store, { accessExpiresAt: NOW + 3 * MINUTE })
      const late = { id: 'late', accessExpiresAt: NOW + 20 * MINUTE }
      await store.authorizations.insert(sampleAuthorization(late), 'alice')
      const latest = { id: 'outlives', sessionId: null, accessExpiresAt: NOW + 30 * MINUTE }
      await store.authorizations.insert(sampleAuthorization(latest), 'alice')
      const entry = await store.revocations.revoke(LAPTOP, NOW)
      expect(entry).toEqual({ ...entry, kind: 'session', subject: 'laptop', expiresAt: NOW + 20 * MINUTE })
    })

    test('the entry of a person lives as long as their last token, though its authorization was revoked before', async (store) => {
      await authorize(store)
      await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      const entry = await store.revocations.revoke(USER, NOW)
      expect(entry).toEqual({
        ...entry,
        kind: 'user',
        subject: 'alice',
        epoch: 1,
        expiresAt: NOW + 15 * MINUTE,
      })
    })

    test('an entry covers at least a minute of tokens that are being made', async (store) => {
      await authorize(store, { accessExpiresAt: NOW - 1 })
      const orders = [{ kind: 'authorization', id: 'azn' }, LAPTOP, USER] as const
      for (const order of orders) {
        expect(((await store.revocations.revoke(order, NOW))?.expiresAt ?? 0) >= NOW + MINUTE).toBe(true)
      }
    })

    test('entries of clients and of the issuer are kept for good', async (store) => {
      await signIn(store)
      const client = await store.revocations.revoke(WEB, NOW)
      expect(client).toEqual({ id: client?.id, kind: 'client', subject: 'web', epoch: 1, expiresAt: null })
      const issuer = await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect(issuer).toEqual({ id: issuer?.id, kind: 'issuer', subject: '', epoch: 1, expiresAt: null })
    })
  })
}

function testFeed({ describe, test, expect }: Suite): void {
  describe('the revocation feed', () => {
    const tokens = (count: number): RevocationTarget[] =>
      Array.from({ length: count }, (_, index) => ({
        kind: 'token',
        jti: `t${index}`,
        expiresAt: NOW + index,
      }))

    test('entries come by id, above the cursor, and not expired', async ({ revocations }) => {
      for (const order of tokens(5)) await revocations.revoke(order, NOW - MINUTE)
      const subjectsSince = async (cursor: number, now: number) =>
        (await revocations.listSince(cursor, now, 100)).map(({ subject }) => subject)
      expect(await subjectsSince(0, NOW - 1)).toEqual(['t0', 't1', 't2', 't3', 't4'])
      expect(await subjectsSince(0, NOW + 2)).toEqual(['t3', 't4'])
      const [first] = await revocations.listSince(0, NOW - 1, 100)
      expect(await subjectsSince(first?.id ?? 0, NOW - 1)).toEqual(['t1', 't2', 't3', 't4'])
    })

    test('the newest entry comes even where it has expired, by which a store that went back is known', async ({
      revocations,
    }) => {
      for (const order of tokens(3)) await revocations.revoke(order, NOW - MINUTE)
      const entries = await revocations.listSince(0, NOW + MINUTE, 100)
      expect(entries.map(({ subject }) => subject)).toEqual(['t2'])
      expect(await revocations.listSince(entries[0]?.id ?? 0, NOW + MINUTE, 100)).toEqual([])
    })

    test('no more entries come than were asked for', async ({ revocations }) => {
      for (const order of tokens(5)) await revocations.revoke(order, NOW - MINUTE)
      const entries = await revocations.listSince(0, NOW - 1, 2)
      expect(entries.map(({ subject }) => subject)).toEqual(['t0', 't1'])
    })

    test('the feed tells what revoke returned', async (store) => {
      await authorize(store)
      const returned = []
      for (const order of [TOKEN, LAPTOP, USER, WEB])
        returned.push(await store.revocations.revoke(order, NOW))
      expect(await store.revocations.listSince(0, NOW, 100)).toEqual(returned)
    })

    test('doing it again is harmless', async (store) => {
      await authorize(store)
      const orders: RevocationTarget[] = [TOKEN, LAPTOP, { kind: 'authorization', id: 'azn' }]
      for (const order of orders) await store.revocations.revoke(order, NOW)
      const before = await store.revocations.listSince(0, NOW, 100)
      for (const order of orders) {
        const again = await store.revocations.revoke(order, NOW + 1)
        expect(before.some(({ kind, subject }) => kind === again?.kind && subject === again.subject)).toBe(
          true,
        )
      }
    })

    test('a token that turns out to live longer is revoked for longer', async ({ revocations }) => {
      await revocations.revoke(TOKEN, NOW)
      await revocations.revoke({ ...TOKEN, expiresAt: NOW + 2 * MINUTE } as RevocationTarget, NOW)
      expect((await revocations.listSince(0, NOW + MINUTE, 100)).length).toBe(1)
    })

    test('a client and the issuer have one entry each: the highest, with an id above all before', async (store) => {
      await signIn(store)
      for (const order of [WEB, { kind: 'issuer' }] as const) {
        const first = await store.revocations.revoke(order, NOW)
        await store.revocations.revoke(TOKEN, NOW)
        const second = await store.revocations.revoke(order, NOW)
        const entries = (await store.revocations.listSince(0, NOW, 100)).filter(
          ({ kind }) => kind === order.kind,
        )
        expect(entries).toEqual([{ ...second, epoch: (first?.epoch ?? 0) + 1 }])
        expect((second?.id ?? 0) > (first?.id ?? 0)).toBe(true)
      }
    })

    test('no id is given twice, even after the newest entry went', async (store) => {
      await signIn(store)
      const ids = []
      for (let round = 0; round < 3; round++) ids.push((await store.revocations.revoke(WEB, NOW))?.id)
      expect(new Set(ids).size).toBe(3)
    })
  })
}
