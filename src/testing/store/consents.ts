import type { Suite } from './suite.ts'
import { ALICE, BOB, NOW, sampleCode, signIn } from './samples.ts'

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
        `https://x.example/${'p'.repeat(900)} a`,
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

    test('are added only if their code is neither spent nor voided', async (store) => {
      await signIn(store)
      const { consents, codes } = store
      for (const hash of ['code', 'spent'])
        await codes.insert(sampleCode({ hash, authorizationId: hash }), 'alice')
      await codes.spend('spent', NOW)
      expect(await consents.add(ALICE, 'web', ['a'], NOW, 'code')).toBe(true)
      await store.connections.disconnect(ALICE, { clientId: 'web', subject: 'alice' }, NOW)
      for (const hash of ['code', 'spent', 'unknown'])
        expect(await consents.add(ALICE, 'web', ['a'], NOW, hash)).toBe(false)
      expect(await consents.find(ALICE, 'web')).toBe(undefined)
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
  })
}
