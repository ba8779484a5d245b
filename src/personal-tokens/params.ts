import type { ConfigProblem } from '../errors.ts'
import { isVisibleName, VISIBLE_NAME_PROBLEM } from '../model/name.ts'
import { EVERY_SCOPE, type ScopeRules } from '../model/scope.ts'

/** A personal access token to create. */
export interface PersonalTokenParams {
  /** 1 to 255 characters, no control characters. */
  readonly name: string
  /** Default: the `defaultScopes` of the configuration. */
  readonly scopes?: readonly string[] | undefined
  /** In milliseconds. Default: the `personalTokens.lifetime` of the configuration. */
  readonly lifetime?: number | undefined
  /** The id of the token. A second request with the same id creates nothing. Default: a new id. */
  readonly id?: string | undefined
}

/** Something wrong with the parameters of a token. */
export interface PersonalTokenProblem extends ConfigProblem {
  readonly field: 'name' | 'scopes' | 'expiresIn'
}

/** The limits of the parameters. */
export interface PersonalTokenRules {
  readonly scopes: ScopeRules
  /** In milliseconds. */
  readonly maximumLifetime: number
}

/** Returns everything that is wrong with the parameters of a token. */
export const personalTokenProblems = (
  { name, scopes = [], lifetime }: PersonalTokenParams,
  { scopes: { defined }, maximumLifetime }: PersonalTokenRules,
): readonly PersonalTokenProblem[] => [
  ...problemUnless(isVisibleName(name), 'name', VISIBLE_NAME_PROBLEM),
  ...scopes.flatMap((scope, index) =>
    problemUnless(
      scope === EVERY_SCOPE || defined.has(scope),
      'scopes',
      'is not a defined scope',
      `[${index}]`,
    ),
  ),
  ...problemUnless(
    // The expiry in a token is in whole seconds (RFC 7519 section 2).
    lifetime === undefined || (lifetime >= 1000 && lifetime <= maximumLifetime),
    'expiresIn',
    'must be a duration from one second to the maximum lifetime',
  ),
]

function problemUnless(
  isValid: boolean,
  field: PersonalTokenProblem['field'],
  message: string,
  index = '',
): readonly PersonalTokenProblem[] {
  return isValid ? [] : [{ field, path: field + index, message }]
}

/** A request body can contain 20,000 invalid scopes. */
const MAX_LOGGED_PROBLEMS = 5

/** Returns the first problems as one line for the log. */
export function summarizeProblems(problems: readonly PersonalTokenProblem[]): string {
  const logged = problems.slice(0, MAX_LOGGED_PROBLEMS).map(({ path, message }) => `${path} ${message}`)
  const others = problems.length - logged.length
  return [...logged, ...(others > 0 ? [`and ${others} more`] : [])].join('; ')
}
