import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'
import type { ResetLink } from '../users/password-reset.ts'

/** Links to reset forgotten passwords. */
export interface PasswordResetConfig {
  /**
   * Sends a link to its user, such as by email. Called in the background: the response waits for neither its result nor
   * its failure, which is logged without the token.
   */
  send(link: ResetLink): void | Promise<void>
  /** How long a link is valid. Default: 30 minutes. */
  readonly lifetime?: Duration
}

/** The links, with their lifetime in milliseconds. */
export interface PasswordResetSettings {
  readonly send: (link: ResetLink) => void | Promise<void>
  readonly lifetime: number
}

/** What a factory returns is known only when the server starts, so it is checked again then. */
export const NEEDS_SET_PASSWORD = {
  path: 'passwordReset',
  message: 'needs a user provider with setPassword',
} as const

const OPTIONS: OptionNames<PasswordResetConfig> = { send: true, lifetime: true }

/** Checks the option `passwordReset`. Returns undefined if it is off. */
export function resolvePasswordReset(
  given: PasswordResetConfig | undefined,
  { passwordProviders }: { readonly passwordProviders: ReadonlySet<string> },
  validator: Validator,
): PasswordResetSettings | undefined {
  if (given === undefined) return undefined
  validator.knownOptions('passwordReset', given, OPTIONS)
  if (typeof given.send !== 'function')
    validator.problem('passwordReset.send', 'must be a function that sends the link to the user')
  if (passwordProviders.size === 0) validator.problem(NEEDS_SET_PASSWORD.path, NEEDS_SET_PASSWORD.message)
  return {
    send: async (link) => given.send(link),
    lifetime: validator.duration('passwordReset.lifetime', given.lifetime ?? '30m'),
  }
}
