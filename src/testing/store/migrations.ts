import type { Suite } from './suite.ts'
import { failureOf, sampleClient } from './samples.ts'

/** The life of the store itself. */
export function testMigrations({ describe, test, expect }: Suite): void {
  describe('the store', () => {
    test('migrating again applies nothing and loses nothing', async (store) => {
      await store.clients.insert(sampleClient())
      expect(await store.pendingMigrations()).toEqual([])
      expect(await store.migrate()).toEqual([])
      expect(await store.migrationSql()).toBe('')
      expect(await store.clients.find('web')).toEqual(sampleClient())
    })

    test('a closed store cannot be used', async (store) => {
      await store.close()
      await store.close()
      expect(await failureOf(store.clients.find('web'))).toBe('Error')
    })

    test('closing waits for what was asked before', async (store) => {
      const inserts = ['a', 'b', 'c'].map((id) => store.clients.insert(sampleClient({ id })))
      const [failure] = await Promise.all([failureOf(Promise.all(inserts)), store.close()])
      expect(failure).toBe('no failure')
    })
  })
}
