import { NOW } from './samples.ts'
import type { Suite } from './suite.ts'

export function testFingerprints({ describe, test, expect }: Suite): void {
  describe('fingerprints', () => {
    test('adds the first fingerprint, and returns it to later calls', async ({ fingerprints }) => {
      expect(await fingerprints.addFirst('first', NOW)).toEqual(['first'])
      expect(await fingerprints.addFirst('second', NOW)).toEqual(['first'])
      expect(await fingerprints.addFirst('first', NOW)).toEqual(['first'])
    })

    test('lists all fingerprints, oldest first', async ({ fingerprints }) => {
      expect(await fingerprints.list()).toEqual([])
      await fingerprints.addFirst('older', NOW)
      await fingerprints.add('newer', NOW + 1)
      expect(await fingerprints.list()).toEqual(['older', 'newer'])
    })

    test('adds one of 50 fingerprints that race to be first', async ({ fingerprints }) => {
      const names = Array.from({ length: 50 }, (_, index) => `node-${index}`)
      const answers = await Promise.all(names.map((name) => fingerprints.addFirst(name, NOW)))
      expect(new Set(answers.map((known) => known.join())).size).toBe(1)
    })

    test('adds a fingerprint once, even if it is added again', async ({ fingerprints }) => {
      await fingerprints.addFirst('first', NOW)
      await fingerprints.add('second', NOW + 1)
      await fingerprints.add('second', NOW + 2)
      expect(await fingerprints.addFirst('third', NOW)).toEqual(['first', 'second'])
    })
  })
}
