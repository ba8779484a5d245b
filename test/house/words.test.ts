import { describe, expect, test } from 'vitest'
import { filesBelow, matching } from './repository.ts'
import { strayWords } from './words.ts'

/** This file is made of what it looks for. */
const readable = matching(filesBelow(), /^(?!test\/house\/words\.test\.ts$)/)

describe('the words are clean', () => {
  test('no text names a machine, a registry, unfinished work or a document that the reader does not have', () => {
    expect(strayWords(readable)).toEqual([])
  })
})

describe('the check sees what it is for', () => {
  test.each([
    ['see /work/main/src', 'a path of a machine'],
    ['"/root/.cache"', 'a path of a machine'],
    ['cd /home/anna/consulate', 'a path of a machine'],
    ['at /Users/anna/consulate', 'a path of a machine'],
    ['https://registry.npmjs.org/jose', 'a registry host'],
    ['"resolved": "http://localhost:4873/jose"', 'a registry host'],
    ['// TODO: later', 'unfinished work'],
    ['// FIXME', 'unfinished work'],
    ['as DESIGN.md says', 'a document that the reader does not have'],
    ['equal to the letter (D14 for localhost)', 'a document that the reader does not have'],
    ['never by password (RFC 6749; D4)', 'a document that the reader does not have'],
  ])('%s', (line, what) => {
    expect(strayWords({ 'docs/a.md': `A fine line.\n${line}` })).toEqual([`docs/a.md:2 names ${what}`])
  })

  test.each([
    'https://example.com/work/main',
    '../work/main',
    'the working root / of all',
    'a setTODOlist of one word',
    'npm keeps a registry. It is big.',
    '"integrity": "sha512-aTODOaFIXME"',
    'todo, said the poet',
    'ES256 (D, E and F)',
  ])('left in peace: %s', (line) => {
    expect(strayWords({ 'docs/a.md': line })).toEqual([])
  })
})
