import type { Duration } from '../lib/duration.ts'
import type { Validator } from '../lib/validator.ts'

/** What you say of personal access tokens. */
export interface PersonalTokensConfig {
  /** How long those live of which nobody says how long; default one year, or the maximum where that is shorter. */
  readonly lifetime?: Duration
  /** How long anybody may say; default: the lifetime. At most 100 years. */
  readonly maximumLifetime?: Duration
}

/** How long personal access tokens live (ms). */
export interface PersonalTokenSettings {
  /** Where nobody says it. */
  readonly lifetime: number
  readonly maximumLifetime: number
}

const YEAR = 31_536_000_000

/** Checks what is said of personal access tokens; undefined where nobody is to make any. */
export function resolvePersonalTokens(
  given: PersonalTokensConfig | undefined,
  validator: Validator,
): PersonalTokenSettings | undefined {
  if (given === undefined) return undefined
  const time = (name: 'lifetime' | 'maximumLifetime'): number | undefined =>
    given[name] === undefined ? undefined : validator.duration(`personalTokens.${name}`, given[name])
  const [chosen, most] = [time('lifetime'), time('maximumLifetime')]
  const lifetime = chosen ?? Math.min(YEAR, most ?? YEAR)
  const maximumLifetime = most ?? lifetime
  if (lifetime > maximumLifetime)
    validator.problem('personalTokens.lifetime', 'must not be longer than the maximumLifetime')
  if (maximumLifetime > 100 * YEAR)
    validator.problem(
      `personalTokens.${most === undefined ? 'lifetime' : 'maximumLifetime'}`,
      'must be at most 100y',
    )
  return { lifetime, maximumLifetime }
}
