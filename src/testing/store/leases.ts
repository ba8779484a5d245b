import type { Suite } from './suite.ts'

export function testLeases({ describe, test, expect }: Suite): void {
  describe('leases', () => {
    test('are unknown until they are taken', async ({ leases }) => {
      expect(await leases.find('purge')).toBe(undefined)
      expect(await leases.change('purge', { from: 0, holder: 'first', state: null })).toBe(true)
      expect(await leases.find('purge')).toEqual({ holder: 'first', version: 1, state: null })
      expect(await leases.find('other')).toBe(undefined)
    })

    test('change only from the current version', async ({ leases }) => {
      await leases.change('purge', { from: 0, holder: 'first', state: null })
      expect(await leases.change('purge', { from: 0, holder: 'second', state: 'lost' })).toBe(false)
      expect(await leases.change('purge', { from: 2, holder: 'second', state: 'lost' })).toBe(false)
      expect(await leases.find('purge')).toEqual({ holder: 'first', version: 1, state: null })
      expect(await leases.change('purge', { from: 1, holder: null, state: 'half' })).toBe(true)
      expect(await leases.find('purge')).toEqual({ holder: null, version: 2, state: 'half' })
    })

    test('are taken by one of 50 parallel calls, the first time and later', async ({ leases }) => {
      for (const from of [0, 1]) {
        const holders = Array.from({ length: 50 }, (_, index) => `node-${index}`)
        const results = await Promise.all(
          holders.map((holder) => leases.change('purge', { from, holder, state: null })),
        )
        expect(results.filter(Boolean).length).toBe(1)
        const lease = await leases.find('purge')
        expect(lease?.version).toBe(from + 1)
        expect(lease?.holder).toBe(holders[results.indexOf(true)])
      }
    })
  })
}
