import type { Suite } from './suite.ts'
import { failureOf, sampleClient } from './samples.ts'

export function testMigrations({ describe, test, expect }: Suite): void {
  describe('the store', () => {
    test('applies no migration twice and keeps its data', async (store) => {
      await store.clients.insert(sampleClient())
      expect(await store.pendingMigrations()).toEqual([])
      expect(await store.migrate()).toEqual([])
      expect(await store.migrationSql()).toBe('')
      expect(await store.clients.find('web')).toEqual(sampleClient())
    })

    test('fails after it was closed', async (store) => {
      await store.close()
      await store.close()
      expect(await failureOf(store.clients.find('web'))).toBe('Error')
    })

    test('finishes earlier calls before it closes', async (store) => {
      const inserts = ['a', 'b', 'c'].map((id) => store.clients.insert(sampleClient({ id })))
      const [failure] = await Promise.all([failureOf(Promise.all(inserts)), store.close()])
      expect(failure).toBe('no failure')
    })
  })
}
