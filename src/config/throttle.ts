import type { Duration } from '../lib/duration.ts'
import type { Validator } from '../lib/validator.ts'
import { DEFAULT_THROTTLE_LIMITS, type Limit, type ThrottleLimits } from '../throttle/throttle.ts'

/** A limit on failures: after `failures` within `window`, further attempts get 429 with `Retry-After`. */
export interface FailureLimit {
  /** A whole number of at least 1. */
  readonly failures: number
  readonly window: Duration
}

/** Limits on failures such as wrong passwords, secrets and codes. */
export interface ThrottleConfig {
  /**
   * Failures per address (IPv6: per /64), on all nodes together. Device codes for public clients are counted separately, with
   * the same limit. Default `{ failures: 60, window: '1m' }`.
   */
  readonly perAddress?: FailureLimit
  /**
   * Wrong passwords per user name from any address, and wrong user codes per user. Browsers that have signed in before have
   * this limit for themselves. Default `{ failures: 10, window: '15m' }`.
   */
  readonly perAccount?: FailureLimit
}

export function resolveThrottle(
  { perAddress, perAccount }: ThrottleConfig,
  validator: Validator,
): ThrottleLimits {
  const limit = (path: string, given: FailureLimit | undefined, fallback: Limit): Limit => ({
    failures: validator.positiveInteger(`throttle.${path}.failures`, given?.failures ?? fallback.failures),
    window: given ? validator.duration(`throttle.${path}.window`, given.window) : fallback.window,
  })
  return {
    perAddress: limit('perAddress', perAddress, DEFAULT_THROTTLE_LIMITS.perAddress),
    perAccount: limit('perAccount', perAccount, DEFAULT_THROTTLE_LIMITS.perAccount),
  }
}
