/** Whether to test everything, as CI does, or only what `npm test` has five minutes for. */
export const isThorough = process.env['CI'] === 'true'

/** Returns how often to repeat a test that depends on chance: less often in `npm test` than with `CI=true`. */
export const dose = (usual: number, inCi: number): number => (isThorough ? inCi : usual)

/**
 * Returns whether to test a cell of a matrix: each of them with `CI=true`. `npm test` tests one cell of each row, and each
 * column about as often as the others.
 */
export const isInSample = (row: number, column: number, columns: number): boolean =>
  isThorough || row % columns === column

/** Returns all rows of a matrix with `CI=true`, and the first one in `npm test`. */
export const sampleOf = <Row>(rows: readonly Row[]): readonly Row[] => (isThorough ? rows : rows.slice(0, 1))
