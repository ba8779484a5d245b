import { expect, test } from 'vitest'
import { isSignInForced, withoutForcedSignIn } from '../../src/endpoints/oauth/forced-sign-in.ts'

/** Whether a sign-in of this age in milliseconds is asked for again. Negative: another node's clock is ahead. */
const isForced = (maxAge: number | undefined, age: number): boolean =>
  isSignInForced(
    { prompts: new Set(), maxAge },
    { authenticatedAt: 1_000_000 - age },
    { now: () => 1_000_000 },
  )

test.each([
  [0, -5000, true],
  [0, 0, true],
  [1, 0, false],
  [1, -5000, false],
  [1, 1000, false],
  [1, 1001, true],
  [undefined, 1_000_000, false],
])('max_age=%s and a sign-in %s ms ago: the user must sign in again: %s', (maxAge, age, forced) => {
  expect(isForced(maxAge, age)).toBe(forced)
})

test.each([
  ['a=%41&prompt=login&max_age=0', ['login'], 'a=%41'],
  ['prompt=login%20consent&a=1', ['login', 'consent'], 'a=1&prompt=consent'],
  ['prompt=consent&max_age=5', ['consent'], 'prompt=consent'],
  ['a=1&m%61x_age=0&pr%6Fmpt=select_account', ['select_account'], 'a=1'],
])('the request after the sign-in is not forced again: %s', (query, prompts, rest) => {
  expect(withoutForcedSignIn(query, new Set(prompts))).toBe(rest)
})
