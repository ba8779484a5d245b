import type { Suite } from './suite.ts'

export function testMessages({ describe, test, expect }: Suite): void {
  describe('messages between nodes', () => {
    test('are listed after an ID, in the order of their insertion, up to a limit', async ({ messages }) => {
      expect(await messages.listSince(0, 10)).toEqual([])
      for (const text of ['first', 'second', 'third']) await messages.insert(text)
      const all = await messages.listSince(0, 10)
      expect(all.map(({ text }) => text)).toEqual(['first', 'second', 'third'])
      expect(await messages.listSince(0, 2)).toEqual(all.slice(0, 2))
      expect(await messages.listSince(all[0]?.id ?? 0, 10)).toEqual(all.slice(1))
    })

    test('can have 60,000 characters', async ({ messages }) => {
      const text = 'x'.repeat(60_000)
      await messages.insert(text)
      expect((await messages.listSince(0, 1))[0]?.text).toBe(text)
    })

    test('are deleted up to an ID, and their IDs are not used again', async ({ messages }) => {
      await messages.insert('first')
      await messages.insert('second')
      const [first, second] = await messages.listSince(0, 10)
      await messages.deleteUpTo(first?.id ?? 0)
      expect((await messages.listSince(0, 10)).map(({ text }) => text)).toEqual(['second'])
      await messages.deleteUpTo(second?.id ?? 0)
      await messages.insert('third')
      const [third] = await messages.listSince(second?.id ?? 0, 10)
      expect(third?.text).toBe('third')
    })
  })
}
