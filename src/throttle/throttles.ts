import type { NodeMessages } from '../broadcast/messages.ts'
import type { Clock } from '../lib/clock.ts'
import type { CounterFactory } from './counter.ts'
import { createSharedCounters } from './shared-counters.ts'
import { createThrottle, type Throttle, type ThrottleLimits } from './throttle.ts'

/** The throttles and counters of a server. */
export interface Throttles {
  readonly throttle: Throttle
  /** Counts requests for device codes apart from failures. */
  readonly deviceCodeThrottle: Throttle
  /** Counts requests for links to reset passwords. */
  readonly passwordResetThrottle: Throttle
  /** Creates the counter of the personal access tokens that users create. */
  readonly personalTokenCounter: CounterFactory
}

/** What the throttles need. */
export interface ThrottlesOptions {
  readonly throttle: ThrottleLimits
  readonly clock: Clock
  readonly messages: NodeMessages
}

/** Devices that have signed in before have this limit for themselves. */
const RESETS = { failures: 10, window: 3_600_000 } as const
const RESET_LIMITS = { perAddress: RESETS, perAccount: RESETS } as const

/** Creates the throttles of a server, which all its nodes share. */
export function createThrottles({ throttle: limits, clock, messages }: ThrottlesOptions): Throttles {
  const counters = createSharedCounters(messages, clock)
  return {
    throttle: createThrottle(limits, clock, counters('failures')),
    deviceCodeThrottle: createThrottle(limits, clock, counters('device-codes')),
    passwordResetThrottle: createThrottle(RESET_LIMITS, clock, counters('password-resets')),
    personalTokenCounter: counters('personal-tokens'),
  }
}
