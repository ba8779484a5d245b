import { afterAll, describe, expect, test } from 'vitest'
import { expectNoGrowth, timeoutOf, titleOf } from './expectations.ts'
import { runJob, stopJobs } from './launch.ts'
import { readSettings } from './settings.ts'
import { GUARD_TARGETS, namesOf } from './targets.ts'

const settings = readSettings(process.env)
const { count, floodCount, seed } = settings
afterAll(stopJobs)

describe(titleOf(settings), { timeout: timeoutOf(settings) }, () => {
  test.each(namesOf(GUARD_TARGETS))(
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
