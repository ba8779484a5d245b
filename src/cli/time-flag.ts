import { parseDuration } from '../lib/duration.ts'
import { UsageError } from './errors.ts'

/** Parses a time, or a duration before now. */
export function timeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  if (duration !== undefined) return Date.now() - duration
  // `Date.parse` also accepts texts such as `0`, which it takes for a year.
  const time = /^\d{4}-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new UsageError(
    `${flag}: must be a duration such as 30m, 12h or 7d, or a time such as 2026-12-31T23:59Z`,
  )
}
