import { describe, expect, test } from 'vitest'
import { launch } from './launch.ts'
import type { Memory, Report } from './order.ts'
import { readSettings } from './settings.ts'
import { TARGETS, type TargetName } from './targets.ts'

const { count, seed } = readSettings(process.env)
/** A hundred thousand take one to two minutes on two cores, and longer where those are shared. */
const TIMEOUT = 120_000 + count * 10

/** Bytes that may be added from the first fifth to the end: code that was compiled meanwhile, and pages of SQLite. */
const MOST_GROWTH: Memory = { heap: 8_000_000, resident: 64_000_000 }

const isGuard = (name: string): boolean => ['user', 'machine', 'anyone'].includes(name)
const targets = Object.keys(TARGETS) as readonly TargetName[]

function expectNoGrowth({ memory: { early, late } }: Report): void {
  expect(late.heap - early.heap).toBeLessThan(MOST_GROWTH.heap)
  expect(late.resident - early.resident).toBeLessThan(MOST_GROWTH.resident)
}

describe(`${count} mutated requests, FUZZ_SEED=${seed},`, { timeout: TIMEOUT }, () => {
  test.each(targets.filter((name) => !isGuard(name)))(
    'are answered in time and without an error of ours, take no memory, and get nothing without proof: %s',
    async (target) => {
      const report = await launch({ target, count, seed })
      expect(report.failures).toEqual([])
      // Were all refused at the door, or all let through, nothing would have been tried.
      const { 200: shown = 0, 303: sentOn = 0, 405: refused = 0 } = report.statuses
      expect(shown + sentOn).toBeGreaterThan(count / 20)
      expect(refused).toBeGreaterThan(0)
      expectNoGrowth(report)
    },
  )

  test.each(targets.filter(isGuard))(
    'are let in by a guard with a token as it was issued, and with nothing else: %s()',
    async (target) => {
      const report = await launch({ target, count, seed })
      expect(report.failures).toEqual([])
      expect(report.statuses['granted']).toBeGreaterThan(count / 20)
      expect(report.statuses['401']).toBeGreaterThan(count / 20)
      expectNoGrowth(report)
    },
  )

  test('that fail under ever new names at ever new networks take no more memory than is set aside', async () => {
    const report = await launch({ target: 'flood', count: Math.max(count, 20_000), seed })
    expect(report.failures).toEqual([])
    expectNoGrowth(report)
  })
})
