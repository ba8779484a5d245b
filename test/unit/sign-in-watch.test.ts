import { expect, test } from 'vitest'
import { jsonLogger } from '../../src/index.ts'
import { createSignInWatch } from '../../src/sessions/sign-in-watch.ts'

/** Returns how often sign-ins of sessions at these times (s) are reported. */
function countReports(signIns: readonly (readonly [id: string, at: number])[]): number {
  const lines: string[] = []
  let now = 0
  const logger = jsonLogger({ level: 'error', write: (line) => void lines.push(line) })
  const watch = createSignInWatch({ logger, clock: { now: () => now } })
  for (const [id, at] of signIns) {
    now = at * 1000
    watch({ id, provider: 'users' })
  }
  return lines.length
}

test.each([
  ['five in a row', ['a', 0], ['a', 1], ['a', 2], ['a', 3], ['a', 59], 1],
  ['five over more than a minute', ['a', 0], ['a', 15], ['a', 30], ['a', 45], ['a', 60], 0],
  ['five of two sessions', ['a', 0], ['a', 1], ['b', 2], ['a', 3], ['a', 4], 0],
] as const)('sign-ins of one session in quick succession are reported: %s', (_, ...rest) => {
  const reports = rest.at(-1)
  expect(countReports(rest.slice(0, -1) as [string, number][])).toBe(reports)
})
