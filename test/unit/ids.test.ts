import { expect, test } from 'vitest'
import { randomId, toId, toUuid } from '../../src/lib/hash.ts'

test('an ID never starts with a dash, which a command line would read as an option', () => {
  const ids = Array.from({ length: 5000 }, randomId)
  expect(ids.filter((id) => !/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/.test(id))).toEqual([])
  expect(new Set(ids).size).toBe(5000)
})

test('an ID that is derived from a text is always the same', () => {
  const text = `-${'a'.repeat(42)}`
  expect(toId(text)).toBe(`_${'a'.repeat(21)}`)
  expect(toId(text)).toBe(toId(text))
  expect(toId('b'.repeat(43))).toBe('b'.repeat(22))
})

test('a UUID that is derived from a text has version 8 and the variant of RFC 9562', () => {
  const text = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
  expect(toUuid(text)).toBe('00010203-0405-8607-8809-0a0b0c0d0e0f')
  expect(toUuid('_'.repeat(43))).toBe('ffffffff-ffff-8fff-bfff-ffffffffffff')
})
