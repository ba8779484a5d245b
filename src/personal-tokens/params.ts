import type { ConfigProblem } from '../errors.ts'
import { EVERY_SCOPE, type ScopeRules } from '../model/scope.ts'

/** The token that somebody wants. */
export interface PersonalTokenParams {
  /** 1 to 255 characters, no control characters. */
  readonly name: string
  /** Omitted: what a request gets that names no scope. */
  readonly scopes?: readonly string[] | undefined
  /** How long it shall live (ms); omitted: the usual time. */
  readonly lifetime?: number | undefined
  /** The id that it shall have: the same wish twice makes one token. Default: a new one. */
  readonly id?: string | undefined
}

/** What is wrong with a wish. */
export interface PersonalTokenProblem extends ConfigProblem {
  readonly field: 'name' | 'scopes' | 'expiresIn'
}

/** What a wish is held to. */
export interface PersonalTokenRules {
  readonly scopes: ScopeRules
  /** In ms. */
  readonly maximumLifetime: number
}

/** Everything that is wrong with a wish. */
export const personalTokenProblems = (
  { name, scopes = [], lifetime = 1000 }: PersonalTokenParams,
  { scopes: { defined }, maximumLifetime }: PersonalTokenRules,
): readonly PersonalTokenProblem[] => [
  ...problem(isName(name), 'name', 'must be 1 to 255 characters without control characters'),
  ...scopes.flatMap((scope, index) =>
    problem(scope === EVERY_SCOPE || defined.has(scope), 'scopes', 'is not one of the scopes', `[${index}]`),
  ),
  ...problem(
    // Tokens say in whole seconds when they expire (RFC 7519 section 2).
    lifetime >= 1000 && lifetime <= maximumLifetime,
    'expiresIn',
    'must be a duration from a second to the maximum lifetime',
  ),
]

/** How many problems the log is told of: a body has room for twenty thousand, and each would be said in more words than it has. */
const MOST_TOLD = 5

/** What is wrong with a wish, for the log. */
export function summarizeProblems(problems: readonly PersonalTokenProblem[]): string {
  const told = problems.slice(0, MOST_TOLD).map(({ path, message }) => `${path} ${message}`)
  const others = problems.length - told.length
  return [...told, ...(others > 0 ? [`and ${others} more`] : [])].join('; ')
}

function problem(
  isRight: boolean,
  field: PersonalTokenProblem['field'],
  message: string,
  place = '',
): readonly PersonalTokenProblem[] {
  return isRight ? [] : [{ field, path: field + place, message }]
}

/**
 * Something of it must be seen: a token without a name is hard to find in a list. A lone half of a surrogate pair is no
 * character, and databases differ in what they make of it.
 */
const isName = (name: unknown): boolean =>
  typeof name === 'string' &&
  /[\p{L}\p{N}\p{P}\p{S}]/u.test(name) &&
  name.length <= 255 &&
  name.isWellFormed() &&
  !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)
