import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import { ALICE, authorize, MINUTE, NOW, sampleAuthorization, signIn } from './samples.ts'

const TOKEN: RevocationTarget = { kind: 'token', jti: 'azn.1', expiresAt: NOW + MINUTE }
const USER = { kind: 'user', user: ALICE, subject: 'alice' } as const
const LAPTOP = { kind: 'session', id: 'laptop' } as const
const WEB: RevocationTarget = { kind: 'client', id: 'web' }

export function testRevocationEntries(suite: Suite): void {
  testEntries(suite)
  testFeed(suite)
}

function testEntries({ describe, test, expect }: Suite): void {
  describe('revocation entries', () => {
    const entryOfToken = { sub: null, epoch: 0, expiresAt: NOW + MINUTE }

    test('expire with the token', async ({ revocations }) => {
      const entry = await revocations.revoke(TOKEN, NOW)
      expect(entry).toEqual({ id: entry?.id, kind: 'token', subject: 'azn.1', ...entryOfToken })
    })

    test('expire with the last access token of an authorization', async (store) => {
      await authorize(store)
      const entry = await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      const expiresAt = NOW + 15 * MINUTE
      expect(entry).toEqual({
        id: entry?.id,
        kind: 'authorization',
        subject: 'azn',
        sub: null,
        epoch: 0,
        expiresAt,
      })
    })

    test('expire with the last access token of a session', async (store) => {
      await authorize(store, { accessExpiresAt: NOW + 3 * MINUTE })
      const late = { id: 'late', accessExpiresAt: NOW + 80 * MINUTE }
      await store.authorizations.insert(sampleAuthorization(late), 'alice')
      const latest = { id: 'outlives', sessionId: null, accessExpiresAt: NOW + 90 * MINUTE }
      await store.authorizations.insert(sampleAuthorization(latest), 'alice')
      const entry = await store.revocations.revoke(LAPTOP, NOW)
      expect(entry).toEqual({ ...entry, kind: 'session', subject: 'laptop', expiresAt: NOW + 80 * MINUTE })
    })

    test('expire with the last access token of a user, even if its authorization was revoked before', async (store) => {
      await authorize(store, { accessExpiresAt: NOW + 80 * MINUTE })
      await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      const entry = await store.revocations.revoke(USER, NOW)
      expect(entry).toEqual({
        ...entry,
        kind: 'user',
        subject: 'alice',
        sub: 'alice',
        epoch: 1,
        expiresAt: NOW + 80 * MINUTE,
      })
    })

    test('have the sub of the user whose tokens they revoke, as far as it was given', async (store) => {
      await authorize(store)
      const targets: RevocationTarget[] = [
        { kind: 'token', jti: 'azn.1', expiresAt: NOW + MINUTE, sub: 'alice' },
        { kind: 'authorization', id: 'azn', sub: 'customers:42' },
        { kind: 'session', id: 'laptop', sub: 'grüße' },
        USER,
        { kind: 'token', jti: 'other.1', expiresAt: NOW + MINUTE },
        WEB,
      ]
      for (const target of targets) await store.revocations.revoke(target, NOW)
      const subs = (await store.revocations.listSince(0, NOW, 100)).map(({ sub }) => sub)
      expect(subs).toEqual(['alice', 'customers:42', 'grüße', 'alice', null, null])
    })

    test('last a minute at least, to cover tokens that are being signed', async (store) => {
      await authorize(store, { accessExpiresAt: NOW - 1 })
      const entry = await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      expect((entry?.expiresAt ?? 0) >= NOW + MINUTE).toBe(true)
    })

    test('of a session or a user do not expire before the API cookies', async (store) => {
      await authorize(store)
      for (const target of [LAPTOP, USER]) {
        const cookiesExpireAt = NOW + 61 * MINUTE
        const entry = await store.revocations.revoke({ ...target, cookiesExpireAt }, NOW)
        expect(entry?.expiresAt).toBe(cookiesExpireAt)
      }
    })

    test('of clients and of the issuer never expire', async (store) => {
      await signIn(store)
      const client = await store.revocations.revoke(WEB, NOW)
      expect(client).toEqual({
        id: client?.id,
        kind: 'client',
        subject: 'web',
        sub: null,
        epoch: 1,
        expiresAt: null,
      })
      const issuer = await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect(issuer).toEqual({
        id: issuer?.id,
        kind: 'issuer',
        subject: '',
        sub: null,
        epoch: 1,
        expiresAt: null,
      })
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

    test('lists unexpired entries above the cursor, by id', async ({ revocations }) => {
      for (const target of tokens(5)) await revocations.revoke(target, NOW - MINUTE)
      const subjectsSince = async (cursor: number, now: number) =>
        (await revocations.listSince(cursor, now, 100)).map(({ subject }) => subject)
      expect(await subjectsSince(0, NOW - 1)).toEqual(['t0', 't1', 't2', 't3', 't4'])
      expect(await subjectsSince(0, NOW + 2)).toEqual(['t3', 't4'])
      const [first] = await revocations.listSince(0, NOW - 1, 100)
      expect(await subjectsSince(first?.id ?? 0, NOW - 1)).toEqual(['t1', 't2', 't3', 't4'])
    })

    test('lists the newest entry even if it has expired, so that readers notice a restored backup', async ({
      revocations,
    }) => {
      for (const target of tokens(3)) await revocations.revoke(target, NOW - MINUTE)
      const entries = await revocations.listSince(0, NOW + MINUTE, 100)
      expect(entries.map(({ subject }) => subject)).toEqual(['t2'])
      expect(await revocations.listSince(entries[0]?.id ?? 0, NOW + MINUTE, 100)).toEqual([])
    })

    test('lists at most as many entries as asked for', async ({ revocations }) => {
      for (const target of tokens(5)) await revocations.revoke(target, NOW - MINUTE)
      const entries = await revocations.listSince(0, NOW - 1, 2)
      expect(entries.map(({ subject }) => subject)).toEqual(['t0', 't1'])
    })

    test('lists the entries that revoke has returned', async (store) => {
      await authorize(store)
      const returned = []
      for (const target of [TOKEN, LAPTOP, USER, WEB])
        returned.push(await store.revocations.revoke(target, NOW))
      expect(await store.revocations.listSince(0, NOW, 100)).toEqual(returned)
    })

    test('returns an existing entry if a target is revoked again', async (store) => {
      await authorize(store)
      const targets: RevocationTarget[] = [TOKEN, LAPTOP, { kind: 'authorization', id: 'azn' }]
      for (const target of targets) await store.revocations.revoke(target, NOW)
      const before = await store.revocations.listSince(0, NOW, 100)
      for (const target of targets) {
        const again = await store.revocations.revoke(target, NOW + 1)
        expect(before.some(({ kind, subject }) => kind === again?.kind && subject === again.subject)).toBe(
          true,
        )
      }
    })

    test('returns another entry if a revoked token expires later than was known', async ({ revocations }) => {
      await revocations.revoke(TOKEN, NOW)
      await revocations.revoke({ ...TOKEN, expiresAt: NOW + 2 * MINUTE } as RevocationTarget, NOW)
      expect((await revocations.listSince(0, NOW + MINUTE, 100)).length).toBe(1)
    })

    test('gets another entry if the earlier one has expired', async ({ revocations }) => {
      const first = await revocations.revoke(TOKEN, NOW)
      const second = await revocations.revoke(TOKEN, NOW + MINUTE)
      expect((second?.id ?? 0) > (first?.id ?? 0)).toBe(true)
    })

    test('keeps one entry of a client and of the issuer: the latest, with the highest id', async (store) => {
      await signIn(store)
      for (const target of [WEB, { kind: 'issuer' }] as const) {
        const first = await store.revocations.revoke(target, NOW)
        await store.revocations.revoke(TOKEN, NOW)
        const second = await store.revocations.revoke(target, NOW)
        const entries = (await store.revocations.listSince(0, NOW, 100)).filter(
          ({ kind }) => kind === target.kind,
        )
        expect(entries).toEqual([{ ...second, epoch: (first?.epoch ?? 0) + 1 }])
        expect((second?.id ?? 0) > (first?.id ?? 0)).toBe(true)
      }
    })

    test('never uses an id twice, even if the newest entry was replaced', async (store) => {
      await signIn(store)
      const ids = []
      for (let round = 0; round < 3; round++) ids.push((await store.revocations.revoke(WEB, NOW))?.id)
      expect(new Set(ids).size).toBe(3)
    })
  })
}
