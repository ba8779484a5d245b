import type { Authorization, Rotation } from '../../model/authorization.ts'
import type { RefreshUpdate } from '../../store/authorizations.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import { ALICE, authorize, MINUTE, NOW, sampleAuthorization, sampleRefresh, sampleUser } from './samples.ts'

const TARGETS: readonly RevocationTarget[] = [
  { kind: 'authorization', id: 'azn' },
  { kind: 'session', id: 'laptop' },
  { kind: 'client', id: 'web' },
  { kind: 'user', user: ALICE, subject: 'alice' },
  { kind: 'issuer' },
]

/** A refresh of a row with generation 5. */
const NEXT: Partial<RefreshUpdate> = { from: 5, to: 6 }

/** What makes it fail, besides revocations. */
const REFUSED: Readonly<Record<string, Partial<RefreshUpdate>>> = {
  'an unknown ID': { id: 'other' },
  'another seed': { seedHash: 'another' },
  'another client': { clientId: 'other' },
  'an earlier generation': { from: 4 },
  'a later generation': { from: 6, to: 7 },
  'a row that has expired': { now: NOW + 60 * MINUTE },
}

const rotation = (generation: number): Rotation => ({
  generation,
  graceEndsAt: NOW + MINUTE,
  nodeId: 'コーヒー "node"',
})

export function testRefreshing(suite: Suite): void {
  testUpdates(suite)
  testConditions(suite)
  testBuiltInUsers(suite)
}

function testUpdates({ describe, test, expect }: Suite): void {
  describe('refreshing an authorization', () => {
    test('updates the row and returns what its tokens need', async (store) => {
      await authorize(store)
      const update = sampleRefresh()
      const row = sampleAuthorization({
        generation: 1,
        rotations: [{ generation: 0, graceEndsAt: NOW + MINUTE, nodeId: 'node' }],
        lastUsedAt: update.now,
        expiresAt: update.expiresAt,
        accessExpiresAt: update.accessExpiresAt,
      })
      const { id, clientId, provider, userId, sessionId, scopes, epochs, expiresAt } = row
      const returned = { id, clientId, provider, userId, sessionId, scopes, epochs, expiresAt }
      expect(await store.authorizations.refresh(update)).toEqual(returned)
      expect(await store.authorizations.find('azn')).toEqual(row)
    })

    test('keeps the last five rotations, newest first', async (store) => {
      await authorize(store)
      for (let from = 0; from < 7; from += 1)
        await store.authorizations.refresh(sampleRefresh({ from, to: from + 1, rotation: rotation(from) }))
      const rotations = (await store.authorizations.find('azn'))?.rotations
      expect(rotations).toEqual([6, 5, 4, 3, 2].map(rotation))
    })

    test('keeps the rotations of a repeat, which may change nothing at all', async (store) => {
      await authorize(store, { generation: 1, rotations: [rotation(0)] })
      const repeat = sampleRefresh({ from: 1, to: 1, rotation: undefined })
      for (const attempt of ['first', 'second']) {
        expect([attempt, (await store.authorizations.refresh(repeat))?.id]).toEqual([attempt, 'azn'])
        const { generation, rotations } = (await store.authorizations.find('azn')) ?? {}
        expect({ generation, rotations }).toEqual({ generation: 1, rotations: [rotation(0)] })
      }
    })

    test('never lowers the latest access token expiry', async (store) => {
      await authorize(store)
      await store.authorizations.refresh(sampleRefresh({ accessExpiresAt: NOW + MINUTE }))
      expect((await store.authorizations.find('azn'))?.accessExpiresAt).toBe(NOW + 15 * MINUTE)
    })

    test('ends with the maximum lifetime since the sign-in', async (store) => {
      await authorize(store)
      const limits: readonly (readonly [number, number])[] = [
        [80 * MINUTE, NOW + 80 * MINUTE],
        [91 * MINUTE, NOW + 90 * MINUTE],
      ]
      for (const [from, [maximumLifetime, expiresAt]] of limits.entries()) {
        const row = await store.authorizations.refresh(sampleRefresh({ from, to: from + 1, maximumLifetime }))
        expect(row?.expiresAt).toBe(expiresAt)
      }
    })
  })
}

function testConditions({ describe, test, expect }: Suite): void {
  describe('a refresh', () => {
    for (const [what, changes] of Object.entries(REFUSED)) {
      test(`returns undefined and changes nothing for ${what}`, async (store) => {
        await authorize(store, { generation: 5 })
        expect(await store.authorizations.refresh(sampleRefresh({ ...NEXT, ...changes }))).toBe(undefined)
        expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization({ generation: 5 }))
        await store.authorizations.refresh(sampleRefresh(NEXT))
        expect((await store.authorizations.find('azn'))?.generation).toBe(6)
      })
    }

    test('succeeds once under 50 parallel refreshes of one generation', async (store) => {
      await authorize(store)
      const rows = await Promise.all(
        Array.from({ length: 50 }, () => store.authorizations.refresh(sampleRefresh())),
      )
      expect(rows.filter((row) => row !== undefined).length).toBe(1)
      expect((await store.authorizations.find('azn'))?.generation).toBe(1)
    })

    for (const target of TARGETS) {
      test(`returns undefined after a revocation (${target.kind})`, async (store) => {
        await authorize(store)
        await store.revocations.revoke(target, NOW)
        expect(await store.authorizations.refresh(sampleRefresh())).toBe(undefined)
        expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      })
    }

    test('returns undefined if an epoch was raised, even if the row is not marked as revoked', async (store) => {
      await authorize(store, { resources: [] })
      await store.users.insert(sampleUser())
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user: elsewhere, subject: 'alice' }, NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(null)
      for (const user of [{ subject: 'alice' }, { builtInProvider: 'users' }])
        expect(await store.authorizations.refresh(sampleRefresh({ user }))).toBe(undefined)
    })
  })
}

/** Rows that a refresh for a built-in user does not match. */
const OTHERS: Readonly<Record<string, Partial<Authorization>>> = {
  'of another provider': { provider: 'admins' },
  'of an unknown user': { userId: 'bob' },
  'of a disabled user': { userId: 'carol' },
  'of a user whose ID has a colon': { userId: 'users:dave' },
  'with resources': { resources: ['https://api.example'] },
}

function testBuiltInUsers({ describe, test, expect }: Suite): void {
  describe('a refresh for a built-in user', () => {
    const update = sampleRefresh({ user: { builtInProvider: 'users' } })

    test('updates a row that was not read before', async (store) => {
      await authorize(store, { resources: [] })
      await store.users.insert(sampleUser())
      expect((await store.authorizations.refresh(update))?.id).toBe('azn')
      expect((await store.authorizations.find('azn'))?.generation).toBe(1)
      expect(await store.authorizations.refresh(update)).toBe(undefined)
    })

    for (const [what, changes] of Object.entries(OTHERS)) {
      test(`returns undefined for a row ${what}`, async (store) => {
        await authorize(store, { resources: [], ...changes })
        for (const [id, disabledAt] of [
          ['alice', null],
          ['carol', NOW],
          ['users:dave', null],
        ] as const)
          await store.users.insert(sampleUser({ id, disabledAt, email: `${id}@example.com` }))
        expect(await store.authorizations.refresh(update)).toBe(undefined)
        expect((await store.authorizations.find('azn'))?.generation).toBe(0)
      })
    }
  })
}
