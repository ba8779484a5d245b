import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  NOW,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

export function testConsents({ describe, test, expect }: Suite): void {
  describe('consents', () => {
    test('are undefined if the user never consented', async ({ consents }) => {
      expect(await consents.find(ALICE, 'web')).toBe(undefined)
    })

    test('can be without scopes', async ({ consents }) => {
      await consents.add(ALICE, 'web', [], NOW)
      expect(await consents.find(ALICE, 'web')).toEqual([])
    })

    test('collect the scopes that were added', async ({ consents }) => {
      await consents.add(ALICE, 'web', ['a', 'b'], NOW)
      await consents.add(ALICE, 'web', ['b', 'c'], NOW + 1)
      await consents.add(ALICE, 'web', [], NOW + 2)
      expect(new Set(await consents.find(ALICE, 'web'))).toEqual(new Set(['a', 'b', 'c']))
    })

    test('keep entries for resources apart from scopes', async ({ consents }) => {
      const entries = [
        'a',
        'https://billing.example ',
        'https://billing.example a',
        `https://x.example/${'p'.repeat(2_000)} a`,
      ]
      await consents.add(ALICE, 'web', entries, NOW)
      expect(new Set(await consents.find(ALICE, 'web'))).toEqual(new Set(entries))
    })

    test('hold each scope once', async ({ consents }) => {
      await consents.add(ALICE, 'web', ['a', 'a'], NOW)
      expect(await consents.find(ALICE, 'web')).toEqual(['a'])
    })

    test('lose none of 50 parallel additions', async ({ consents }) => {
      const scopes = Array.from({ length: 50 }, (_, index) => `scope:${index}`)
      await Promise.all(scopes.map((scope) => consents.add(ALICE, 'web', ['a', scope], NOW)))
      expect((await consents.find(ALICE, 'web'))?.length).toBe(51)
    })

    test('are deleted for one user and one client only', async ({ consents }) => {
      for (const user of [ALICE, BOB]) {
        for (const client of ['web', 'other']) await consents.add(user, client, ['a'], NOW)
      }
      await consents.delete(ALICE, 'web', NOW)
      expect(await consents.find(ALICE, 'web')).toBe(undefined)
      expect(await consents.find(ALICE, 'other')).toEqual(['a'])
      expect(await consents.find(BOB, 'web')).toEqual(['a'])
    })

    test('are deleted for one user and all clients', async ({ consents }) => {
      for (const user of [ALICE, BOB, { ...ALICE, provider: 'customers' }]) {
        for (const client of ['web', 'other']) await consents.add(user, client, ['a'], NOW)
      }
      await consents.deleteAll(ALICE)
      for (const client of ['web', 'other']) {
        expect(await consents.find(ALICE, client)).toBe(undefined)
        expect(await consents.find(BOB, client)).toEqual(['a'])
        expect(await consents.find({ ...ALICE, provider: 'customers' }, client)).toEqual(['a'])
      }
      await consents.deleteAll(ALICE)
    })

    test('are deleted together with the unspent codes of this user and client', async (store) => {
      await signIn(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      await store.sessions.insert(sampleSession({ ...BOB, id: 'bob' }), 'bob')
      const codes = {
        pending: {},
        spent: {},
        'for another client': { clientId: 'other' },
        'of another user': { ...BOB, sessionId: 'bob' },
      }
      for (const [hash, changes] of Object.entries(codes)) {
        const subject = hash === 'of another user' ? 'bob' : 'alice'
        await store.codes.insert(sampleCode({ hash, authorizationId: hash, ...changes }), subject)
      }
      await store.codes.spend('spent', NOW)
      await store.consents.delete(ALICE, 'web', NOW + 1)
      const voided = async (hash: string) => (await store.codes.find(hash))?.voidedAt
      expect(await Promise.all(Object.keys(codes).map(voided))).toEqual([NOW + 1, null, null, null])
      const authorization = sampleAuthorization({ id: 'pending' })
      expect(await store.codes.exchange('pending', authorization, 'alice', NOW + 1)).toBe(false)
    })

    test('let no racing exchange escape a list that follows the deletion', async (store) => {
      await signIn(store)
      const ids = Array.from({ length: 20 }, (_, index) => `azn-${index}`)
      for (const id of ids) await store.codes.insert(sampleCode({ hash: id, authorizationId: id }), 'alice')
      const exchange = (id: string) => store.codes.exchange(id, sampleAuthorization({ id }), 'alice', NOW + 1)
      const first = ids.slice(0, 10).map(exchange)
      const listed = store.consents
        .delete(ALICE, 'web', NOW + 1)
        .then(() => store.authorizations.listByUser(ALICE, NOW + 1))
      const answers = await Promise.all([...first, ...ids.slice(10).map(exchange)])
      const won = ids.filter((_, index) => answers[index])
      expect((await listed).map(({ id }) => id).toSorted()).toEqual(won.toSorted())
    })
  })
}
