import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  authorize,
  BOB,
  MINUTE,
  NOW,
  currentEpochs,
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

export function testRevocations(suite: Suite): void {
  testTargets(suite)
  testEntries(suite)
  testFeed(suite)
}

function testTargets({ describe, test, expect }: Suite): void {
  describe('revoking', () => {
    test('returns undefined for an unknown authorization, session or client', async ({ revocations }) => {
      for (const kind of ['authorization', 'session', 'client'] as const) {
        expect(await revocations.revoke({ kind, id: 'nothing' }, NOW)).toBe(undefined)
      }
      expect(await revocations.listSince(0, NOW, 100)).toEqual([])
    })

    test('revokes one authorization and nothing else', async (store) => {
      await authorize(store)
      await store.authorizations.insert(sampleAuthorization({ id: 'other' }), 'alice')
      await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('other'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(null)
    })

    test('revokes a session with the authorizations that depend on it', async (store) => {
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

    test('revokes a user with all sessions, codes and authorizations, and no other user', async (store) => {
      await authorize(store)
      await store.authorizations.insert(sampleAuthorization({ id: 'personal', sessionId: null }), 'alice')
      await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
      await store.authorizations.insert(sampleAuthorization({ id: 'bob', ...BOB, sessionId: 'bob' }), 'bob')
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke(USER, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('personal'))?.revokedAt).toBe(NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      expect((await store.sessions.find('bob'))?.revokedAt).toBe(null)
      expect((await store.authorizations.find('bob'))?.revokedAt).toBe(null)
    })

    test('revokes a client with its authorizations, and no session', async (store) => {
      await authorize(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      await store.authorizations.insert(sampleAuthorization({ id: 'other', clientId: 'other' }), 'alice')
      await store.revocations.revoke(WEB, NOW)
      expect((await store.clients.find('web'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('other'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(null)
    })

    test('revokes everything of the issuer, but no client', async (store) => {
      await authorize(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      expect((await store.clients.find('web'))?.revokedAt).toBe(null)
    })

    test('keeps the time of the first revocation', async (store) => {
      await authorize(store)
      await store.revocations.revoke(LAPTOP, NOW)
      for (const target of [LAPTOP, USER, WEB, { kind: 'authorization', id: 'azn' }] as const) {
        await store.revocations.revoke(target, NOW + 1)
      }
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
    })

    test('does not void a spent code', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.codes.spend('code', NOW)
      await store.revocations.revoke(LAPTOP, NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(null)
    })

    test('raises the epoch of a user, a client or the issuer by one, from 0', async (store) => {
      await signIn(store)
      expect(await currentEpochs(store)).toEqual({ issuer: 0, client: 0, user: 0 })
      await store.revocations.revoke(USER, NOW)
      expect(await currentEpochs(store)).toEqual({ issuer: 0, client: 0, user: 1 })
      await store.revocations.revoke(WEB, NOW)
      expect(await currentEpochs(store)).toEqual({ issuer: 0, client: 1, user: 1 })
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect(await currentEpochs(store)).toEqual({ issuer: 1, client: 1, user: 1 })
      expect(await store.revocations.readEpochs('bob', 'other')).toEqual({ issuer: 1, client: 0, user: 0 })
    })

    test('raises the issuer epoch to a minimum, and never lowers it', async (store) => {
      await authorize(store)
      const far = 5_000_000_000
      const first = await store.revocations.revoke({ kind: 'issuer', minimumEpoch: far }, NOW)
      expect([first?.epoch, (await currentEpochs(store)).issuer]).toEqual([far, far])
      expect(
        await store.sessions.insert(sampleSession({ id: 'before', issuerEpoch: far - 1 }), 'alice'),
      ).toBe(false)
      for (const target of [{ kind: 'issuer', atLeast: 7 }, { kind: 'issuer' }] as const)
        await store.revocations.revoke(target, NOW)
      expect((await currentEpochs(store)).issuer).toBe(far + 2)
    })

    test('raises an epoch once for each of 50 parallel revocations', async ({ revocations }) => {
      const entries = await Promise.all(Array.from({ length: 50 }, () => revocations.revoke(USER, NOW)))
      expect(new Set(entries.map((entry) => entry?.epoch)).size).toBe(50)
      expect((await revocations.readEpochs('alice', 'web')).user).toBe(50)
    })
  })
}

function testEntries({ describe, test, expect }: Suite): void {
  describe('revocation entries', () => {
    const entryOfToken = { epoch: 0, expiresAt: NOW + MINUTE }

    test('expire with the token', async ({ revocations }) => {
      const entry = await revocations.revoke(TOKEN, NOW)
      expect(entry).toEqual({ id: entry?.id, kind: 'token', subject: 'azn.1', ...entryOfToken })
    })

    test('expire with the last access token of an authorization', async (store) => {
      await authorize(store)
      const entry = await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      const expiresAt = NOW + 15 * MINUTE
      expect(entry).toEqual({ id: entry?.id, kind: 'authorization', subject: 'azn', epoch: 0, expiresAt })
    })

    test('expire with the last access token of a session', async (store) => {
      await authorize(store, { accessExpiresAt: NOW + 3 * MINUTE })
      const late = { id: 'late', accessExpiresAt: NOW + 20 * MINUTE }
      await store.authorizations.insert(sampleAuthorization(late), 'alice')
      const latest = { id: 'outlives', sessionId: null, accessExpiresAt: NOW + 30 * MINUTE }
      await store.authorizations.insert(sampleAuthorization(latest), 'alice')
      const entry = await store.revocations.revoke(LAPTOP, NOW)
      expect(entry).toEqual({ ...entry, kind: 'session', subject: 'laptop', expiresAt: NOW + 20 * MINUTE })
    })

    test('expire with the last access token of a user, even if its authorization was revoked before', async (store) => {
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

    test('last a minute at least, to cover tokens that are being signed', async (store) => {
      await authorize(store, { accessExpiresAt: NOW - 1 })
      const targets = [{ kind: 'authorization', id: 'azn' }, LAPTOP, USER] as const
      for (const target of targets) {
        expect(((await store.revocations.revoke(target, NOW))?.expiresAt ?? 0) >= NOW + MINUTE).toBe(true)
      }
    })

    test('of clients and of the issuer never expire', async (store) => {
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
