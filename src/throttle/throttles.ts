import type { NodeMessages } from '../broadcast/messages.ts'
import type { Clock } from '../lib/clock.ts'
import { createCounter, type CounterFactory } from './counter.ts'
import { createSharedCounters } from './shared-counters.ts'
import { createThrottle, type Throttle, type ThrottleLimits } from './throttle.ts'

/** Everything that counts on a server. */
export interface Throttles {
  readonly throttle: Throttle
  /** Counts requests for device codes apart from failures. */
  readonly deviceCodeThrottle: Throttle
  /** Creates the counter of the personal access tokens that users create. */
  readonly personalTokenCounter: CounterFactory
}

/** What the throttles need. */
export interface ThrottlesOptions {
  readonly throttle: ThrottleLimits
  readonly clock: Clock
  /** Undefined if this node counts alone. */
  readonly messages: NodeMessages | undefined
}

/** Creates the throttles of a server: shared with the other nodes if messages reach them, otherwise of this node alone. */
export function createThrottles({ throttle: limits, clock, messages }: ThrottlesOptions): Throttles {
  const counters = messages
    ? createSharedCounters(messages, clock)
    : () => (policy: Parameters<CounterFactory>[0]) => createCounter(policy, clock)
  return {
    throttle: createThrottle(limits, clock, counters('failures')),
    deviceCodeThrottle: createThrottle(limits, clock, counters('device-codes')),
    personalTokenCounter: counters('personal-tokens'),
  }
}
