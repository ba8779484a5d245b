import { describe, expect, test } from 'vitest'
import { filesBelow } from './repository.ts'
import { missingTests, threatsOf, unlistedAttacks, unmentionedSections } from './threats.ts'

const files = filesBelow()
const document = files['docs/reference/security.md'] ?? ''
const threats = threatsOf(document)

/** Every attack in RFC 9700 section 4 and every threat in RFC 6819 section 4. */
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

describe('the threat table', () => {
  test('each threat has a defense and existing tests', () => {
    expect(threats.length).toBeGreaterThan(30)
    expect(missingTests(threats, files)).toEqual([])
    expect(threats.filter(({ name, defense }) => name === '' || defense === '')).toEqual([])
  })

  test('lists every attack test file', () => {
    expect(unlistedAttacks(threats, files)).toEqual([])
  })

  test.each(Object.entries(SECTIONS))('mentions every attack in RFC %s', (name, sections) => {
    expect(unmentionedSections(document, name, sections)).toEqual([])
  })
})

describe('the checks detect', () => {
  const row = (tests: string): ReturnType<typeof threatsOf> =>
    threatsOf(`| theft | a lock | 9700 §4.1 | ${tests} |`)
  const home = {
    'test/attacks/a.test.ts': `test('the lock holds', () => {})\ntest.each([1])(\n  "nobody's %s is",\n  async (x) => {},\n)`,
  }

  test('only the rows of four-column tables', () => {
    const text =
      '| threat | defense | RFC | tests |\n|---|---|---|---|\n| a | b |\n| theft | a lock | 9700 §4.1 | `x/y` “z” |'
    expect(threatsOf(text)).toEqual([
      { name: 'theft', defense: 'a lock', sections: '9700 §4.1', tests: [{ file: 'x/y', titles: ['z'] }] },
    ])
  })

  test('nothing if the tests exist, with any quotes', () => {
    expect(missingTests(row("`attacks/a` “the lock holds”, “nobody's %s is”"), home)).toEqual([])
  })

  test.each([
    ['', 'theft: has no test'],
    ['`attacks/a`', 'theft: names no test of test/attacks/a.test.ts'],
    ['`attacks/b` “x”', 'theft: test/attacks/b.test.ts does not exist'],
    ['`attacks/a` “the lock”', 'theft: test/attacks/a.test.ts has no test “the lock”'],
  ])('a missing test: %s', (tests, problem) => {
    expect(missingTests(row(tests), home)).toEqual([problem])
  })

  test('an attack test file that is not listed', () => {
    expect(unlistedAttacks(row('`flows/a` “x”'), home)).toEqual(['test/attacks/a.test.ts'])
  })

  test('a section that is not mentioned, even if another RFC has one with that number', () => {
    const text = '9700 §4.1, §4.10; 6819 §4.2'
    expect(unmentionedSections(text, '9700', ['4.1', '4.2', '4.10'])).toEqual(['RFC 9700 §4.2'])
  })
})
