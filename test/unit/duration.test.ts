import { expect, test } from 'vitest'
import { parseDuration } from '../../src/lib/duration.ts'

test.each([
  ['250ms', 250],
  ['60s', 60_000],
  ['15m', 900_000],
  ['12h', 43_200_000],
  ['30d', 2_592_000_000],
  ['2w', 1_209_600_000],
  ['1y', 31_536_000_000],
  ['1.5h', 5_400_000],
  ['15 m', 900_000],
  ['0s', 0],
])('%j is %d milliseconds', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds))

test('a number is in seconds', () => {
  expect(parseDuration(90)).toBe(90_000)
  expect(parseDuration(0)).toBe(0)
})

test('the result is in whole milliseconds', () => {
  expect(parseDuration('1.005s')).toBe(1005)
  expect(parseDuration(0.0001)).toBe(0)
  expect(parseDuration('1.1d')).toBe(95_040_000)
})

test.each([
  '',
  '15',
  'm',
  '-1s',
  '1e3s',
  '15M',
  '15min',
  ' 15m',
  '15m ',
  '15m\n',
  '1.s',
  '1,5h',
  'Infinitys',
  `${'9'.repeat(400)}y`,
  '999999999y',
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  null,
  undefined,
  true,
  {},
  ['15m'],
])('%j is not a duration', (value) => expect(parseDuration(value)).toBeUndefined())
