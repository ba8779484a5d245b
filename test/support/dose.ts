/** Returns how often to repeat a test that depends on chance: less often in `npm test` than with `CI=true`. */
export const dose = (usual: number, inCi: number): number => (process.env['CI'] === 'true' ? inCi : usual)
