import { InvalidArgumentError } from 'commander'
import { parseDuration, type Duration } from '../../lib/duration.ts'

/** What `--json` does, for the help of every command that has it. */
export const JSON_HELP = 'answer with JSON, for scripts'

/** Takes an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]

/** Reads a whole number. Throws commander's `InvalidArgumentError`. */
export function parseNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** Reads a length of time with its unit: `30m`, `12h`, `1d`; or `0`. Throws commander's `InvalidArgumentError`. */
export function parseTime(text: string): Duration {
  if (text === '0') return 0
  if (parseDuration(text) === undefined) {
    throw new InvalidArgumentError('It must be a length of time, such as 30m, 12h or 1d.')
  }
  return text as Duration
}
