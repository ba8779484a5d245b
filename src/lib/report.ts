import { closestMatch } from 'leven'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from './duration.ts'

/** Every option of a type, so that the compiler notices one that is forgotten. */
export type OptionNames<Options extends object> = { readonly [Name in keyof Required<Options>]: true }

/** Collects what is wrong with a configuration, so that everything is said at once. */
export interface Report {
  problem(path: string, message: string): void
  /** A duration in milliseconds; a problem where it is none, or none at all. */
  duration(path: string, value: Duration): number
  /** A whole number of at least 1. */
  positive(path: string, value: number): number
  /** One of a few words. */
  oneOf<Value extends string>(path: string, value: Value, values: readonly Value[]): Value
  /** That there are no options but these. Left out altogether is fine. */
  options(path: string, given: unknown, names: OptionNames<object>): void
  /** Throws `ConfigError` where there was any problem. */
  end(): void
}

/** Begins a report. */
export function createReport(): Report {
  const problems: ConfigProblem[] = []
  const problem = (path: string, message: string): void => void problems.push({ path, message })
  return {
    problem,
    duration(path, value) {
      const milliseconds = parseDuration(value) ?? 0
      if (milliseconds === 0)
        problem(path, "must be a duration such as '15m', '12h', '30d', or a number of seconds")
      return milliseconds
    },
    positive(path, value) {
      if (!Number.isSafeInteger(value) || value < 1) problem(path, 'must be a whole number of at least 1')
      return value
    },
    oneOf(path, value, values) {
      if (!values.includes(value)) problem(path, `must be one of ${values.join(', ')}`)
      return value
    },
    options: (path, given, names) => void problems.push(...optionProblems(path, given, names)),
    end() {
      if (problems.length > 0) throw new ConfigError(problems)
    },
  }
}

/** Letters that are wrong, missing or too many, for a word to be taken for another. */
const MOST_TYPING_ERRORS = 2

/** The options that there are not; none where they are left out altogether. */
export function optionProblems(
  path: string,
  given: unknown,
  names: OptionNames<object>,
): readonly ConfigProblem[] {
  if (given === undefined) return []
  const known = Object.keys(names)
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return [{ path, message: `must be an object with ${known.join(', ')}` }]
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: path === '' ? name : `${path}.${name}`, message: noOption(name, known) }))
}

function noOption(name: string, known: readonly string[]): string {
  const lower = known.map((each) => each.toLowerCase())
  const meant = closestMatch(name.toLowerCase(), lower, { maxDistance: MOST_TYPING_ERRORS })
  return meant === undefined
    ? `is no option: there are ${known.join(', ')}`
    : `is no option: did you mean ${known[lower.indexOf(meant)]}?`
}
