import { describe, expect, test } from 'vitest'
import { filesBelow, matching } from './repository.ts'
import { bannedText } from './words.ts'

/** This file contains every banned text. */
const checked = matching(filesBelow(), /^(?!test\/house\/words\.test\.ts$)/)

describe('text', () => {
  test('no file contains a local path, a registry host, unfinished work, a private document or unnatural wording', () => {
    expect(bannedText(checked)).toEqual([])
  })
})

describe('the check detects', () => {
  test.each([
    ['see /work/main/src', 'a local path'],
    ['"/root/.cache"', 'a local path'],
    ['cd /home/anna/consulate', 'a local path'],
    ['at /Users/anna/consulate', 'a local path'],
    ['https://registry.npmjs.org/jose', 'a registry host'],
    ['"resolved": "http://localhost:4873/jose"', 'a registry host'],
    ['// TODO: later', 'unfinished work'],
    ['// FIXME', 'unfinished work'],
    ['as DESIGN.md says', 'a private document'],
    ['equal to the letter (D14 for localhost)', 'a private document'],
    ['never by password (RFC 6749; D4)', 'a private document'],
    ['Undefined where a race was lost', 'unnatural wording'],
    ['a problem that must be mended', 'unnatural wording'],
    ['whoever is signed in', 'unnatural wording'],
  ])('%s', (line, what) => {
    expect(bannedText({ 'docs/a.md': `A fine line.\n${line}` })).toEqual([`docs/a.md:2 contains ${what}`])
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
  ])('nothing in: %s', (line) => {
    expect(bannedText({ 'docs/a.md': line })).toEqual([])
  })
})
