/** Where every time in the server comes from: milliseconds since 1970, and the only thing tests may replace. */
export interface Clock {
  now(): number
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** Milliseconds to whole seconds, rounded down, as JWT's NumericDate wants (RFC 7519 section 2). */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)
