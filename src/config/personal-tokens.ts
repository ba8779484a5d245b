import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'

/** The lifetimes of personal access tokens. */
export interface PersonalTokensConfig {
  /** The default lifetime. Default one year, or `maximumLifetime` if that is shorter. */
  readonly lifetime?: Duration
  /** The longest lifetime that can be requested: at most 100 years. Signing keys stay published for this long after they are retired. Default: `lifetime`. */
  readonly maximumLifetime?: Duration
}

/** The lifetimes in milliseconds. */
export interface PersonalTokenSettings {
  /** The default. */
  readonly lifetime: number
  readonly maximumLifetime: number
}

const OPTIONS: OptionNames<PersonalTokensConfig> = { lifetime: true, maximumLifetime: true }

const YEAR = 31_536_000_000

/** Returns undefined if personal access tokens are off. */
export function resolvePersonalTokens(
  given: PersonalTokensConfig | undefined,
  validator: Validator,
): PersonalTokenSettings | undefined {
  if (given === undefined) return undefined
  validator.knownOptions('personalTokens', given, OPTIONS)
  const time = (name: 'lifetime' | 'maximumLifetime'): number | undefined =>
    given[name] === undefined ? undefined : validator.duration(`personalTokens.${name}`, given[name])
  const [chosen, maximum] = [time('lifetime'), time('maximumLifetime')]
  const lifetime = chosen ?? Math.min(YEAR, maximum ?? YEAR)
  const maximumLifetime = maximum ?? lifetime
  if (lifetime > maximumLifetime)
    validator.problem('personalTokens.lifetime', 'must not be longer than maximumLifetime')
  if (maximumLifetime > 100 * YEAR)
    validator.problem(
      `personalTokens.${maximum === undefined ? 'lifetime' : 'maximumLifetime'}`,
      'must be at most 100 years',
    )
  return { lifetime, maximumLifetime }
}
