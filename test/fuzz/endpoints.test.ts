import { afterAll, describe, expect, test } from 'vitest'
import { runJob, stopJobs } from './launch.ts'
import type { Memory, Report } from './job.ts'
import { readSettings } from './settings.ts'
import { TARGETS, type TargetName } from './targets.ts'

const { count, floodCount, seed } = readSettings(process.env)
/** In ms. 100,000 requests take one to two minutes on two idle cores. */
const TIMEOUT = 120_000 + count * 10

/** Allowed growth in bytes after the first fifth of the requests, for compiled code and SQLite pages. */
const MAX_GROWTH: Memory = { heap: 8_000_000, resident: 64_000_000 }

afterAll(stopJobs)

const isGuard = (name: string): boolean => ['user', 'machine', 'anyone'].includes(name)
const targets = Object.keys(TARGETS) as readonly TargetName[]

function expectNoGrowth({ memory: { early, late } }: Report): void {
  expect(late.heap - early.heap).toBeLessThan(MAX_GROWTH.heap)
  expect(late.resident - early.resident).toBeLessThan(MAX_GROWTH.resident)
}

describe(`${count} mutated requests (FUZZ_SEED=${seed})`, { timeout: TIMEOUT }, () => {
  test.each(targets.filter((name) => !isGuard(name)))(
    'never cause a 5xx, a hang or memory growth, and get nothing without valid credentials: %s',
    async (target) => {
      const report = await runJob({ target, count, seed })
      expect(report.failures).toEqual([])
      // If every mutation were rejected early, or none, the run would test nothing.
      const { 200: ok = 0, 303: redirected = 0, 405: notAllowed = 0 } = report.statuses
      expect(ok + redirected).toBeGreaterThan(count / 20)
      expect(notAllowed).toBeGreaterThan(0)
      expectNoGrowth(report)
    },
  )

  test.each(targets.filter(isGuard))(
    'are accepted by a guard only with an unchanged token: %s()',
    async (target) => {
      const report = await runJob({ target, count, seed })
      expect(report.failures).toEqual([])
      expect(report.statuses['accepted']).toBeGreaterThan(count / 20)
      expect(report.statuses['401']).toBeGreaterThan(count / 20)
      expectNoGrowth(report)
    },
  )

  test('that all fail with new user names from new networks use only a fixed amount of memory', async () => {
    const report = await runJob({ target: 'flood', count: floodCount, seed })
    expect(report.failures).toEqual([])
    expectNoGrowth(report)
  })
})
