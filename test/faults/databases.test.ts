import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MYSQL_SERVERS } from '../support/mysql.ts'
import { runExperiment } from './databases/experiment.ts'
import type { Place, Setting } from './databases/fault.ts'
import { onServer } from './databases/mysql.ts'
import { POSTGRES, POSTGRES_FAILOVER } from './databases/postgres.ts'
import { sampleOf } from '../support/dose.ts'

/* The quickest of the faults of `npm run faults`, which has all of them. */

const PACE = { warmUp: 1_500, quiet: 1_500 }
/** Milliseconds. */
const DURATION = 2_000

const CASES: readonly (readonly [name: string, setting: Setting, faults: RegExp])[] = [
  ['PostgreSQL', POSTGRES, /^killed|one answer in five/],
  ['a replica of PostgreSQL', POSTGRES_FAILOVER, /failed over/],
  ...MYSQL_SERVERS.map((server) => [server.name, onServer(server), /^killed/] as const),
]

for (const [name, setting, pattern] of sampleOf(CASES)) {
  describe.runIf(setting.isAvailable)(`traffic on ${name}`, () => {
    let place: Place
    beforeAll(async () => void (place = await setting.open()))
    afterAll(() => place.close())

    test('survives failures without false refusals, losses or second uses, and without help', async () => {
      const faults = sampleOf(place.faults.filter((fault) => pattern.test(fault.name)))
      expect(faults).not.toEqual([])
      for (const fault of faults) {
        const short = { ...fault, duration: Math.min(fault.duration, DURATION) }
        const { answers, problems } = await runExperiment(name, place.world, short, PACE)
        expect(problems).toEqual([])
        expect(answers['503']).toBeGreaterThan(0)
      }
    })
  })
}
