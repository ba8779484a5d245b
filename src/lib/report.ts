import { ConfigError, type ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from './duration.ts'

/** Collects what is wrong with a configuration, so that everything is said at once. */
export interface Report {
  problem(path: string, message: string): void
  /** A duration in milliseconds; a problem where it is none, or none at all. */
  duration(path: string, value: Duration): number
  /** A whole number of at least 1. */
  positive(path: string, value: number): number
  /** One of a few words. */
  oneOf<Value extends string>(path: string, value: Value, values: readonly Value[]): Value
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
    end() {
      if (problems.length > 0) throw new ConfigError(problems)
    },
  }
}
