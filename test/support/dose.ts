/** Whether to test everything, as CI does, or only what `npm test` has five minutes for. */
export const isThorough = process.env['CI'] === 'true'

/** Returns how often to repeat a test that depends on chance: less often in `npm test` than with `CI=true`. */
export const dose = (usual: number, inCi: number): number => (isThorough ? inCi : usual)

/** Returns all rows of a matrix with `CI=true`, and the first one in `npm test`. */
export const sampleOf = <Row>(rows: readonly Row[]): readonly Row[] => (isThorough ? rows : rows.slice(0, 1))
