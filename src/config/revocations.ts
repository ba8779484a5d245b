import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'

/** How a node learns what other nodes revoke. */
export interface RevocationsConfig {
  /** How often the node reads revocations, and how long it caches a client. Default `'1s'`. */
  readonly pollInterval?: Duration
  /**
   * If the node could not read revocations for this long, its guards answer 503. Must be longer than `pollInterval`. Default
   * `'10s'`.
   */
  readonly maxStaleness?: Duration
  /**
   * Whether guards ask the store on each request, so that a sign-out on another node counts from the next request on. This
   * costs one query per request. `server.user({ strict: true })` does it for one route. Default: false.
   */
  readonly strict?: boolean
}

/** The checked option `revocations`. Times in milliseconds. */
export interface RevocationSettings {
  readonly pollInterval: number
  readonly maxStaleness: number
  /** Whether guards ask the store on each request. */
  readonly isStrict: boolean
}

const OPTIONS: OptionNames<RevocationsConfig> = { pollInterval: true, maxStaleness: true, strict: true }

export function resolveRevocations(given: RevocationsConfig, validator: Validator): RevocationSettings {
  validator.knownOptions('revocations', given, OPTIONS)
  const pollInterval = validator.duration('revocations.pollInterval', given.pollInterval ?? '1s')
  const maxStaleness = validator.duration('revocations.maxStaleness', given.maxStaleness ?? '10s')
  // One failed poll must not make guards answer 503.
  if (maxStaleness <= pollInterval)
    validator.problem('revocations.maxStaleness', 'must be longer than pollInterval')
  const isStrict = validator.boolean('revocations.strict', given.strict ?? false)
  return { pollInterval, maxStaleness, isStrict }
}
