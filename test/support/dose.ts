/** Whether to test everything, as CI does, or only what `npm test` has five minutes for. */
export const isThorough = process.env['CI'] === 'true'

/** Returns how often to repeat a test that depends on chance: less often in `npm test` than with `CI=true`. */
export const dose = (usual: number, inCi: number): number => (isThorough ? inCi : usual)
