import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'
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

const OPTIONS: OptionNames<ThrottleConfig> = { perAddress: true, perAccount: true }
const LIMIT: OptionNames<FailureLimit> = { failures: true, window: true }

export function resolveThrottle(given: ThrottleConfig, validator: Validator): ThrottleLimits {
  validator.knownOptions('throttle', given, OPTIONS)
  const limitOf = (name: keyof ThrottleConfig): Limit => {
    const path = `throttle.${name}`
    const limit = given[name]
    const fallback = DEFAULT_THROTTLE_LIMITS[name]
    validator.knownOptions(path, limit, LIMIT)
    return {
      failures: validator.positiveInteger(`${path}.failures`, limit?.failures ?? fallback.failures),
      window: limit ? validator.duration(`${path}.window`, limit.window) : fallback.window,
    }
  }
  return { perAddress: limitOf('perAddress'), perAccount: limitOf('perAccount') }
}
