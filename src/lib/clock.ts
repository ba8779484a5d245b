/** The source of time. Tests can replace it. */
export interface Clock {
  /** Returns milliseconds since 1970. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** How far apart the clocks of two nodes may be (ms) before users notice. See docs/reference/tokens.md. */
export const CLOCK_TOLERANCE = 30_000

/**
 * How long (ms) after its expiration a revocation stays in the store, in the feed and in Redis, for nodes and services whose
 * clock is behind, and readers that allow leeway. It costs little, so it covers clocks that differ ten times as much.
 */
export const EXPIRY_MARGIN = 10 * CLOCK_TOLERANCE

/** Converts milliseconds to whole seconds, rounded down, as in a NumericDate (RFC 7519 section 2). */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/** The lowest time (ms) that cannot be one in seconds: September 2001, or in seconds the year 33658. */
export const MIN_MILLISECONDS = 1_000_000_000_000
