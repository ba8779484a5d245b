const UNITS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const
const SHAPE = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w|y)$/

/** A duration: `'500ms'`, `'60s'`, `'15m'`, `'12h'`, `'30d'`, `'2w'`, `'1y'` (365 days), or a number of seconds. */
export type Duration = number | `${number}${keyof typeof UNITS}`

/** Returns whole milliseconds, or undefined if the value is not a duration (negative, infinite, unknown unit). */
export function parseDuration(value: unknown): number | undefined {
  const milliseconds = Math.round(typeof value === 'number' ? value * 1000 : readDuration(value))
  return Number.isSafeInteger(milliseconds) && milliseconds >= 0 ? milliseconds : undefined
}

function readDuration(value: unknown): number {
  const parts = typeof value === 'string' ? SHAPE.exec(value) : null
  return parts ? Number(parts[1]) * UNITS[parts[2] as keyof typeof UNITS] : Number.NaN
}
