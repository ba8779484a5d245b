import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'

/** The checkbox "Keep me signed in" on the sign-in page. */
export interface KeepSignedInConfig {
  /** How long a user stays signed in without using the server's pages. Not shorter than `sessionLifetime`. Default 30 days. */
  readonly lifetime?: Duration
  /** Whether the box is checked at first. Default false. */
  readonly checked?: boolean
}

/** The checkbox, with its lifetime in milliseconds. */
export interface KeepSignedInSettings {
  readonly lifetime: number
  readonly checked: boolean
}

const OPTIONS: OptionNames<KeepSignedInConfig> = { lifetime: true, checked: true }

/** Checks the option `keepSignedIn`. Returns undefined if it is off. */
export function resolveKeepSignedIn(
  given: KeepSignedInConfig | 'off' = {},
  sessionLifetime: number,
  validator: Validator,
): KeepSignedInSettings | undefined {
  if (given === 'off') return undefined
  validator.knownOptions('keepSignedIn', given, OPTIONS)
  const { lifetime: chosen, checked = false } = given
  const lifetime =
    chosen === undefined
      ? Math.max(MONTH, sessionLifetime)
      : validator.duration('keepSignedIn.lifetime', chosen)
  if (lifetime < sessionLifetime)
    validator.problem('keepSignedIn.lifetime', 'must not be shorter than sessionLifetime')
  if (typeof checked !== 'boolean') validator.problem('keepSignedIn.checked', 'must be true or false')
  return { lifetime, checked }
}

/** Returns how long sessions last without use if they outlive the browser, in milliseconds. */
export const persistentLifetimeOf = ({
  keepSignedIn,
  sessionLifetime,
}: {
  readonly keepSignedIn: KeepSignedInSettings | undefined
  readonly sessionLifetime: number
}): number => keepSignedIn?.lifetime ?? sessionLifetime

const MONTH = 30 * 86_400_000
