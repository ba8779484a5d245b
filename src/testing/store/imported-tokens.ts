import type { ImportedToken } from '../../model/imported-token.ts'
import { purgeAll, cutoffsAt } from './purge-steps.ts'
import { MINUTE, NOW } from './samples.ts'
import type { Suite } from './suite.ts'

const TOKEN: ImportedToken = {
  id: 'passport-token',
  clientId: 'web',
  scopes: ['orders:read'],
  issuerEpoch: 1,
  clientEpoch: 2,
  expiresAt: NOW + MINUTE,
}

export function testImportedTokens({ describe, test, expect }: Suite): void {
  describe('imported machine tokens', () => {
    test('are found by id, and the first of two with one id stays', async ({ importedTokens }) => {
      expect(await importedTokens.insert(TOKEN)).toBe(true)
      expect(await importedTokens.insert({ ...TOKEN, clientId: 'other', scopes: ['*'] })).toBe(false)
      expect(await importedTokens.find(TOKEN.id)).toEqual(TOKEN)
      expect(await importedTokens.find('passport-other')).toBe(undefined)
    })

    test('are purged once they have expired, and not before', async (store) => {
      await store.importedTokens.insert(TOKEN)
      expect(await purgeAll(store, cutoffsAt(TOKEN.expiresAt - 1))).toEqual({})
      expect(await purgeAll(store, cutoffsAt(TOKEN.expiresAt))).toEqual({ importedTokens: 1 })
      expect(await store.importedTokens.find(TOKEN.id)).toBe(undefined)
    })
  })
}
