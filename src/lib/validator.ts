import { closestMatch } from 'leven'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from './duration.ts'

/** Every option of a type. The compiler rejects a list that misses one. */
export type OptionNames<Options extends object> = { readonly [Name in keyof Required<Options>]: true }

/** Collects the problems of a configuration, so that one error lists them all. */
export interface Validator {
  problem(path: string, message: string): void
  /** Requires a duration of more than 0. Returns milliseconds. */
  duration(path: string, value: Duration): number
  /** Requires a whole number of at least 1. */
  positiveInteger(path: string, value: number): number
  boolean(path: string, value: unknown): boolean
  oneOf<Value extends string>(path: string, value: Value, values: readonly Value[]): Value
  /** Rejects options that are not in `names`. Accepts undefined. */
  knownOptions(path: string, given: unknown, names: OptionNames<object>): void
  /** Throws `ConfigError` if there is a problem. */
  throwIfInvalid(): void
}

/** Creates a validator without problems. */
export function createValidator(): Validator {
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
    positiveInteger(path, value) {
      if (!Number.isSafeInteger(value) || value < 1) problem(path, 'must be a whole number of at least 1')
      return value
    },
    boolean(path, value) {
      if (typeof value !== 'boolean') problem(path, 'must be true or false')
      return value === true
    },
    oneOf(path, value, values) {
      if (!values.includes(value)) problem(path, `must be ${values.map((each) => `'${each}'`).join(' or ')}`)
      return value
    },
    knownOptions: (path, given, names) => void problems.push(...unknownOptionProblems(path, given, names)),
    throwIfInvalid() {
      if (problems.length > 0) throw new ConfigError(problems)
    },
  }
}

/** The largest edit distance at which an option is suggested for a misspelled one. */
const MAX_TYPOS = 2

/** Returns a problem for each option that is not in `names`. Accepts undefined. */
export function unknownOptionProblems(
  path: string,
  given: unknown,
  names: OptionNames<object>,
): readonly ConfigProblem[] {
  if (given === undefined) return []
  const known = Object.keys(names)
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return [{ path, message: `must be an object with these options: ${known.join(', ')}` }]
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: path === '' ? name : `${path}.${name}`,
      message: describeUnknown('option', name, known),
    }))
}

/** Returns `unknown option`, with the known name that is likely meant, or all of them. */
export function describeUnknown(kind: string, name: string, known: readonly string[]): string {
  const lowerCase = known.map((each) => each.toLowerCase())
  const closest = closestMatch(name.toLowerCase(), lowerCase, { maxDistance: MAX_TYPOS })
  return closest === undefined
    ? `unknown ${kind}. Use one of: ${known.join(', ')}`
    : `unknown ${kind}. Did you mean ${known[lowerCase.indexOf(closest)]}?`
}
