import type { Clock } from '../../src/lib/clock.ts'
import { parseDuration } from '../../src/lib/duration.ts'
import type { Duration } from '../../src/lib/duration.ts'

/** The system clock, with an offset that tests can change. */
export interface TestClock extends Clock {
  advance(duration: Duration): void
  turnBack(duration: Duration): void
}

export function createTestClock(): TestClock {
  let offset = 0
  return {
    now: () => Date.now() + offset,
    advance(duration) {
      offset += parseDuration(duration) ?? 0
    },
    turnBack(duration) {
      offset -= parseDuration(duration) ?? 0
    },
  }
}
