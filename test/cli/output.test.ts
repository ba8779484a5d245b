import { describe, expect, test } from 'vitest'
import { relativeTime, wrap } from '../../src/cli/output.ts'

describe('wrap', () => {
  test('breaks between words only, and gives a longer word a line of its own', () => {
    expect(wrap('see https://auth.example.com/oauth/authorize for more', 20)).toEqual([
      'see',
      'https://auth.example.com/oauth/authorize',
      'for more',
    ])
  })

  test('keeps the lines that the text has', () => {
    expect(wrap('one two\n\nthree', 20)).toEqual(['one two', '', 'three'])
  })

  test('counts what a terminal shows: no colors, two columns for a wide character', () => {
    expect(wrap('\u001B[32mgreen\u001B[39m apple', 11)).toEqual(['\u001B[32mgreen\u001B[39m apple'])
    expect(wrap('東京 大阪', 8)).toEqual(['東京', '大阪'])
    expect(wrap('東京 大阪', 9)).toEqual(['東京 大阪'])
  })
})

describe('relativeTime', () => {
  const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]

  test.each([
    [0, 'just now'],
    [-SECOND, '1 second ago'],
    [-59.4 * SECOND, '59 seconds ago'],
    [-59.6 * SECOND, '1 minute ago'],
    [-3 * HOUR, '3 hours ago'],
    [59.6 * MINUTE, 'in 1 hour'],
    [2 * DAY, 'in 2 days'],
    [30 * DAY - SECOND, 'in 30 days'],
    [31 * DAY, 'in 1 month'],
    [-364.9 * DAY, '1 year ago'],
    [20 * 365.25 * DAY, 'in 20 years'],
  ])('says of %d ms: %s', (milliseconds, text) => {
    const now = Date.parse('2026-01-01')
    expect(relativeTime(now + milliseconds, now)).toBe(text)
  })
})
