import { describe, expect, test } from 'vitest'
import { filesBelow } from './repository.ts'
import { emptyPromises, threatsOf, unnamedAttacks, unspokenSections } from './threats.ts'

const files = filesBelow()
const document = files['docs/reference/security.md'] ?? ''
const threats = threatsOf(document)

/** The attacks of RFC 9700, section 4, and the threats of RFC 6819, section 4. */
const upTo = (last: number, prefix: string): readonly string[] =>
  Array.from({ length: last }, (_, index) => `${prefix}.${index + 1}`)
const SECTIONS = {
  9700: upTo(17, '4'),
  6819: [
    upTo(5, '4.1'),
    upTo(4, '4.2'),
    upTo(5, '4.3'),
    upTo(13, '4.4.1'),
    ['4.4.2', '4.4.3', '4.4.4'],
    upTo(4, '4.5'),
    upTo(7, '4.6'),
  ].flat(),
}

describe('the table of threats is complete and true', () => {
  test('each threat has its defense, and tests that exist', () => {
    expect(threats.length).toBeGreaterThan(30)
    expect(emptyPromises(threats, files)).toEqual([])
    expect(threats.filter(({ name, defense }) => name === '' || defense === '')).toEqual([])
  })

  test('each file of attacks is named in it', () => {
    expect(unnamedAttacks(threats, files)).toEqual([])
  })

  test.each(Object.entries(SECTIONS))('every attack of RFC %s is spoken of', (name, sections) => {
    expect(unspokenSections(document, name, sections)).toEqual([])
  })
})

describe('the checks see what they are for', () => {
  const row = (tests: string): ReturnType<typeof threatsOf> =>
    threatsOf(`| theft | a lock | 9700 §4.1 | ${tests} |`)
  const home = {
    'test/attacks/a.test.ts': `test('the lock holds', () => {})\ntest.each([1])(\n  "nobody's %s is",\n  async (x) => {},\n)`,
  }

  test('a line is read cell by cell, the head and the rule are not, and neither are other tables', () => {
    const text =
      '| threat | defense | RFC | tests |\n|---|---|---|---|\n| a | b |\n| theft | a lock | 9700 §4.1 | `x/y` “z” |'
    expect(threatsOf(text)).toEqual([
      { name: 'theft', defense: 'a lock', sections: '9700 §4.1', tests: [{ file: 'x/y', titles: ['z'] }] },
    ])
  })

  test('tests that are there are left in peace, in whatever quotes', () => {
    expect(emptyPromises(row("`attacks/a` “the lock holds”, “nobody's %s is”"), home)).toEqual([])
  })

  test.each([
    ['', 'theft: has no test'],
    ['`attacks/a`', 'theft: names no test of test/attacks/a.test.ts'],
    ['`attacks/b` “x”', 'theft: there is no test/attacks/b.test.ts'],
    ['`attacks/a` “the lock”', 'theft: test/attacks/a.test.ts has no test “the lock”'],
  ])('what is not there is found: %s', (tests, problem) => {
    expect(emptyPromises(row(tests), home)).toEqual([problem])
  })

  test('a file of attacks that nobody names is found', () => {
    expect(unnamedAttacks(row('`flows/a` “x”'), home)).toEqual(['test/attacks/a.test.ts'])
  })

  test('a section that nobody speaks of is found, and one of another RFC does not count for it', () => {
    const text = '9700 §4.1, §4.10; 6819 §4.2'
    expect(unspokenSections(text, '9700', ['4.1', '4.2', '4.10'])).toEqual(['RFC 9700 §4.2'])
  })
})
