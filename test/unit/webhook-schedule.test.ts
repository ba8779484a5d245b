import { expect, test } from 'vitest'
import { delayAfter, parseRetryAfter } from '../../src/webhooks/schedule.ts'

const [SECOND, HOUR, DAY] = [1_000, 3_600_000, 86_400_000]
const NOW = Date.parse('2026-06-01T12:00:00Z')

test.each([
  [1, undefined, 5 * SECOND],
  [9, undefined, DAY],
  [1, HOUR, HOUR],
  [9, HOUR, DAY],
  [1, 10 * DAY, DAY],
])(
  'after %i attempts and a Retry-After of %s ms, the wait is %i ms and up to a tenth more',
  (attempts, retryAfter, least) => {
    const delays = Array.from({ length: 100 }, () => delayAfter(attempts, retryAfter) ?? 0)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(least)
    expect(Math.max(...delays)).toBeLessThanOrEqual(least * 1.1)
    expect(new Set(delays).size).toBeGreaterThan(1)
  },
)

test('the waits are those of Standard Webhooks', () => {
  const hours = [5 / 3600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24]
  for (const [index, hour] of hours.entries()) {
    const wait = (delayAfter(index + 1, undefined) ?? 0) / HOUR
    expect(wait).toBeGreaterThanOrEqual(hour - 1e-9)
    expect(wait).toBeLessThanOrEqual(hour * 1.1 + 1e-9)
  }
})

test('there are ten attempts', () => {
  expect(delayAfter(10, undefined)).toBeUndefined()
})

test.each([
  ['120', 120 * SECOND],
  ['Mon, 01 Jun 2026 13:00:00 GMT', HOUR],
  ['Mon, 01 Jun 2026 11:00:00 GMT', 0],
  ['9'.repeat(10), undefined],
  ['soon', undefined],
  [null, undefined],
])('Retry-After %j asks for %s ms', (header, milliseconds) => {
  expect(parseRetryAfter(header, NOW)).toBe(milliseconds)
})
