/** How hard it is tried, and with which numbers. */
export interface FuzzSettings {
  /** Mutated requests at each endpoint: `FUZZ`, at least 400. Default 400, with `CI=true` 5,000. */
  readonly count: number
  /** Where chance begins: `FUZZ_SEED`, else 1. The same gives the same mutations. */
  readonly seed: number
}

/** Reads the settings of the environment. Throws for what is no number. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): FuzzSettings {
  const { FUZZ, FUZZ_SEED, CI } = environment
  return {
    count: numberIn('FUZZ', FUZZ, 400) ?? (CI === 'true' ? 5_000 : 400),
    seed: numberIn('FUZZ_SEED', FUZZ_SEED, 1) ?? 1,
  }
}

function numberIn(name: string, text: string | undefined, least: number): number | undefined {
  if (!text) return undefined
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
  throw new Error(`${name} must be a whole number from ${least}, not ${text}`)
}
