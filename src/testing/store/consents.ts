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

/** Consents and fingerprints: what is remembered. */
export function testConsents({ describe, test, expect }: Suite): void {
  describe('consents', () => {
    test('who never consented is undefined', async ({ consents }) => {
      expect(await consents.find(ALICE, 'web')).toBe(undefined)
    })

    test('a consent to no scope at all is one', async ({ consents }) => {
      await consents.add(ALICE, 'web', [], NOW)
      expect(await consents.find(ALICE, 'web')).toEqual([])
    })

    test('scopes that are remembered are added to those before', async ({ consents }) => {
      await consents.add(ALICE, 'web', ['a', 'b'], NOW)
      await consents.add(ALICE, 'web', ['b', 'c'], NOW + 1)
      await consents.add(ALICE, 'web', [], NOW + 2)
      expect(new Set(await consents.find(ALICE, 'web'))).toEqual(new Set(['a', 'b', 'c']))
    })

    test('a scope that is named twice is remembered once', async ({ consents }) => {
      await consents.add(ALICE, 'web', ['a', 'a'], NOW)
      expect(await consents.find(ALICE, 'web')).toEqual(['a'])
    })

    test('consents given at once are all remembered', async ({ consents }) => {
      const scopes = Array.from({ length: 50 }, (_, index) => `scope:${index}`)
      await Promise.all(scopes.map((scope) => consents.add(ALICE, 'web', ['a', scope], NOW)))
      expect((await consents.find(ALICE, 'web'))?.length).toBe(51)
    })

    test('what is forgotten is gone, for that person and client only', async ({ consents }) => {
      for (const user of [ALICE, BOB]) {
        for (const client of ['web', 'other']) await consents.add(user, client, ['a'], NOW)
      }
      await consents.delete(ALICE, 'web', NOW)
      expect(await consents.find(ALICE, 'web')).toBe(undefined)
      expect(await consents.find(ALICE, 'other')).toEqual(['a'])
      expect(await consents.find(BOB, 'web')).toEqual(['a'])
    })

    test('with a consent go the codes that were not spent, and no others', async (store) => {
      await signIn(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      await store.sessions.insert(sampleSession({ ...BOB, id: 'hers' }), 'bob')
      const codes = {
        pending: {},
        spent: {},
        'for another client': { clientId: 'other' },
        'of somebody else': { ...BOB, sessionId: 'hers' },
      }
      for (const [hash, changes] of Object.entries(codes)) {
        const subject = hash === 'of somebody else' ? 'bob' : 'alice'
        await store.codes.insert(sampleCode({ hash, authorizationId: hash, ...changes }), subject)
      }
      await store.codes.spend('spent', NOW)
      await store.consents.delete(ALICE, 'web', NOW + 1)
      const voided = async (hash: string) => (await store.codes.find(hash))?.voidedAt
      expect(await Promise.all(Object.keys(codes).map(voided))).toEqual([NOW + 1, null, null, null])
      const answer = sampleAuthorization({ id: 'pending' })
      expect(await store.codes.exchange('pending', answer, 'alice', NOW + 1)).toBe(false)
    })

    test('of exchanges that race with it, each is either refused or found by a list afterwards', async (store) => {
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

  describe('fingerprints', () => {
    test('the first claim is kept, later ones only learn of it', async ({ fingerprints }) => {
      expect(await fingerprints.addFirst('first', NOW)).toEqual(['first'])
      expect(await fingerprints.addFirst('second', NOW)).toEqual(['first'])
      expect(await fingerprints.addFirst('first', NOW)).toEqual(['first'])
    })

    test('the list holds all, and looking adds none', async ({ fingerprints }) => {
      expect(await fingerprints.list()).toEqual([])
      await fingerprints.addFirst('first', NOW)
      await fingerprints.add('second', NOW + 1)
      expect(await fingerprints.list()).toEqual(['first', 'second'])
    })

    test('of nodes that claim at once one wins, and all agree', async ({ fingerprints }) => {
      const names = Array.from({ length: 50 }, (_, index) => `node-${index}`)
      const answers = await Promise.all(names.map((name) => fingerprints.addFirst(name, NOW)))
      expect(new Set(answers.map((known) => known.join())).size).toBe(1)
    })

    test('a rotation adds a fingerprint, however often', async ({ fingerprints }) => {
      await fingerprints.addFirst('first', NOW)
      await fingerprints.add('second', NOW + 1)
      await fingerprints.add('second', NOW + 2)
      expect(await fingerprints.addFirst('third', NOW)).toEqual(['first', 'second'])
    })
  })
}
