import { ConfigError } from '../errors.ts'
import { MIN_MILLISECONDS, type Clock } from '../lib/clock.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'

/**
 * A clock that a test can move. It runs like the system clock, which it asks through `Date.now()`, so it also follows the
 * fake timers of vitest, jest and `node:test`.
 */
export interface TestClock extends Clock {
  /**
   * Moves the clock forward: `clock.advance('15m')`.
   *
   * @throws ConfigError if it is not a duration
   */
  advance(duration: Duration): void
  /**
   * Sets the clock, forward or back: a `Date`, milliseconds since 1970, or an ISO 8601 string.
   *
   * @throws ConfigError if it is not a time in or after September 2001
   */
  set(time: Date | number | string): void
  /** Sets the clock to the system clock. */
  reset(): void
}

/** Creates a clock that starts at `time`. Default: the system clock. */
export function createTestClock(time?: Date | number | string): TestClock {
  let offset = 0
  const clock: TestClock = {
    now: () => Date.now() + offset,
    advance(duration) {
      const milliseconds = parseDuration(duration)
      if (milliseconds === undefined)
        throw new ConfigError([{ path: 'duration', message: "must be a duration such as '15m'" }])
      offset += milliseconds
    },
    set: (to) => void (offset = toMilliseconds(to) - Date.now()),
    reset: () => void (offset = 0),
  }
  if (time !== undefined) clock.set(time)
  return clock
}

/** A time in seconds would be in January 1970: everything would be valid. */
function toMilliseconds(time: Date | number | string): number {
  const milliseconds = new Date(time).getTime()
  if (milliseconds >= MIN_MILLISECONDS) return milliseconds
  throw new ConfigError([
    { path: 'time', message: 'must be a Date, a time in milliseconds or an ISO 8601 string' },
  ])
}
