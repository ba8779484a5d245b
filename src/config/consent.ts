import type { Validator } from '../lib/validator.ts'
import type { Config } from './config.ts'

/** When and how users are asked. */
export interface ConsentSettings {
  /** Undefined if only the records of first-party clients decide. */
  readonly skipsConsent: Config['skipsConsent'] | undefined
  /** Whether users may grant fewer scopes than a client requests. */
  readonly hasPartialConsent: boolean
}

/** Checks the options about consent. */
export function resolveConsent(
  { skipsConsent, partialConsent = false }: Partial<Config>,
  validator: Validator,
): ConsentSettings {
  return { skipsConsent, hasPartialConsent: validator.boolean('partialConsent', partialConsent) }
}
