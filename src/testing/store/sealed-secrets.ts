import type { Suite } from './suite.ts'

const sealed = (text: string): string => JSON.stringify({ data: text })

export function testSealedSecrets({ describe, test, expect }: Suite): void {
  describe('sealed secrets', () => {
    test('are one document, whose version counts its replacements', async ({ sealedSecrets }) => {
      expect(await sealedSecrets.read()).toBe(undefined)
      expect(await sealedSecrets.replace(0, sealed('first'))).toBe(true)
      expect(await sealedSecrets.replace(1, sealed('second'))).toBe(true)
      expect(await sealedSecrets.read()).toEqual({ version: 2, sealed: sealed('second') })
    })

    test('are replaced only if their version is the expected one', async ({ sealedSecrets }) => {
      expect(await sealedSecrets.replace(1, sealed('too early'))).toBe(false)
      expect(await sealedSecrets.read()).toBe(undefined)
      await sealedSecrets.replace(0, sealed('first'))
      await sealedSecrets.replace(1, sealed('second'))
      for (const from of [0, 1, 3]) expect(await sealedSecrets.replace(from, sealed('late'))).toBe(false)
      expect(await sealedSecrets.read()).toEqual({ version: 2, sealed: sealed('second') })
    })

    test('are created and replaced once if 50 calls race', async ({ sealedSecrets }) => {
      for (const from of [0, 1]) {
        const texts = Array.from({ length: 50 }, (_, index) => sealed(`${from}.${index}`))
        const answers = await Promise.all(texts.map((text) => sealedSecrets.replace(from, text)))
        expect(answers.filter(Boolean).length).toBe(1)
        const winner = texts[answers.indexOf(true)]
        expect(await sealedSecrets.read()).toEqual({ version: from + 1, sealed: winner })
      }
    })

    test('can be long, and are returned byte by byte', async ({ sealedSecrets }) => {
      const long = sealed('Zürich \\ "x" '.repeat(20_000))
      await sealedSecrets.replace(0, long)
      expect(await sealedSecrets.read()).toEqual({ version: 1, sealed: long })
    })
  })
}
