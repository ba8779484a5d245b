/** The size and seed of a fuzzing run. */
export interface FuzzSettings {
  /** Mutated requests per endpoint: `FUZZ`, at least 150. Default: 150, or 5,000 with `CI=true`. */
  readonly count: number
  /** Requests of the flood: `FUZZ`, at least 1,000, or 20,000 with `CI=true`. From 20,000 on, it fills all limits first. */
  readonly floodCount: number
  /** `FUZZ_SEED`. Default: 1. The same seed gives the same mutations. */
  readonly seed: number
}

/** Reads `FUZZ` and `FUZZ_SEED`. Throws if one is not a number. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): FuzzSettings {
  const { FUZZ, FUZZ_SEED, CI } = environment
  const count = numberIn('FUZZ', FUZZ, 150) ?? (CI === 'true' ? 5_000 : 150)
  return {
    count,
    floodCount: Math.max(count, CI === 'true' ? 20_000 : 1_000),
    seed: numberIn('FUZZ_SEED', FUZZ_SEED, 1) ?? 1,
  }
}

function numberIn(name: string, text: string | undefined, least: number): number | undefined {
  if (!text) return undefined
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
  throw new Error(`${name} must be a whole number from ${least}, not ${text}`)
}
