import type { Clock } from '../../src/lib/clock.ts'
import { parseDuration } from '../../src/lib/duration.ts'
import type { Duration } from '../../src/lib/duration.ts'

/** The machine's clock, which a test may put forward and back. */
export interface TestClock extends Clock {
  advance(duration: Duration): void
  turnBack(duration: Duration): void
}

/** Makes a clock that tells the time of the machine until it is set. */
export function createTestClock(): TestClock {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    advance(duration) {
      ahead += parseDuration(duration) ?? 0
    },
    turnBack(duration) {
      ahead -= parseDuration(duration) ?? 0
    },
  }
}
