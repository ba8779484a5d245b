/** The source of time. Tests can replace it. */
export interface Clock {
  /** Returns milliseconds since 1970. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** Converts milliseconds to whole seconds, rounded down, as in a NumericDate (RFC 7519 section 2). */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)
