import { expect, test } from 'vitest'
import { randomId, toId } from '../../src/lib/hash.ts'

test('an id never begins with a dash, which a command line would take for an option', () => {
  const ids = Array.from({ length: 5000 }, randomId)
  expect(ids.filter((id) => !/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/.test(id))).toEqual([])
  expect(new Set(ids).size).toBe(5000)
})

test('an id that is made of a text is always the same, and whole', () => {
  const text = `-${'a'.repeat(42)}`
  expect(toId(text)).toBe(`_${'a'.repeat(21)}`)
  expect(toId(text)).toBe(toId(text))
  expect(toId('b'.repeat(43))).toBe('b'.repeat(22))
})
