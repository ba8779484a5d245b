/** Decides from which ID on a feed is read. Times are those of the monotonic clock, in milliseconds. */
export interface Cursor {
  /** Returns the ID after which to read. */
  startAfter(now: number): number
  /** Records that everything up to an ID was read. */
  advance(id: number, now: number): void
  /** Starts over. */
  reset(): void
}

/**
 * A database assigns IDs before it commits, so a lower ID can appear later than a higher one. Therefore each poll reads
 * again what was read within this time (ms).
 */
const OVERLAP = 30_000
/** The number of IDs that are read again before that time has passed once. */
const INITIAL_OVERLAP = 1_000

export function createCursor(): Cursor {
  let marks: readonly { readonly id: number; readonly time: number }[] = []
  return {
    startAfter(now) {
      const settled = marks.findLastIndex(({ time }) => now - time > OVERLAP)
      if (settled > 0) marks = marks.slice(settled)
      const oldest = marks[0]?.id ?? 0
      return settled < 0 ? Math.max(0, oldest - INITIAL_OVERLAP) : oldest
    },
    advance(id, now) {
      if (id > (marks.at(-1)?.id ?? 0)) marks = [...marks, { id, time: now }]
    },
    reset() {
      marks = []
    },
  }
}
