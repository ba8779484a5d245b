import { expect } from 'vitest'
import type { Memory, Report } from './job.ts'
import { runJob } from './launch.ts'
import type { FuzzSettings } from './settings.ts'
import type { TargetName } from './targets.ts'

/** Allowed growth in bytes after the first fifth of the requests, for compiled code and SQLite pages. */
const MAX_GROWTH: Memory = { heap: 8_000_000, resident: 64_000_000 }

/** The title of the tests of a file. */
export const titleOf = ({ count, seed }: FuzzSettings): string =>
  `${count} mutated requests (FUZZ_SEED=${seed})`

/** In ms. 100,000 requests take one to two minutes on two idle cores. */
export const timeoutOf = ({ count }: FuzzSettings): number => 300_000 + count * 10

/** Sends mutated requests to an endpoint. */
export async function fuzzEndpoint(target: TargetName, { count, seed }: FuzzSettings): Promise<void> {
  const report = await runJob({ target, count, seed })
  expect(report.failures).toEqual([])
  // If every mutation were rejected early, or none, the run would test nothing.
  const { 200: ok = 0, 303: redirected = 0, 405: notAllowed = 0 } = report.statuses
  expect(ok + redirected).toBeGreaterThan(count / 20)
  expect(notAllowed).toBeGreaterThan(0)
  expectNoGrowth(report)
}

export function expectNoGrowth({ memory: { early, late } }: Report): void {
  expect(late.heap - early.heap).toBeLessThan(MAX_GROWTH.heap)
  expect(late.resident - early.resident).toBeLessThan(MAX_GROWTH.resident)
}
