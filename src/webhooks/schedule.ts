const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000]

/** How long to wait after each failed attempt, as Standard Webhooks recommends: about three days in total. */
const DELAYS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

/** An endpoint that asks for a longer pause waits for the next attempt of the schedule, or a day. */
const MAX_RETRY_AFTER = 24 * HOUR

/**
 * Returns how long to wait (ms) after an attempt failed, or undefined if it was the last one. Up to a tenth more spreads
 * messages that failed together. `retryAfter` (ms) is what the endpoint asked for.
 */
export function delayAfter(attempts: number, retryAfter: number | undefined): number | undefined {
  const delay = DELAYS[attempts - 1]
  if (delay === undefined) return undefined
  const least = Math.max(delay, Math.min(retryAfter ?? 0, MAX_RETRY_AFTER))
  return Math.round(least * (1 + Math.random() / 10))
}

/** Reads a `Retry-After` header: seconds or a date (RFC 9110 section 10.2.3). Returns milliseconds. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
