/** Decides from which ID on rows are read, if their IDs can become visible out of order. Times are monotonic (ms). */
export interface IdWindow {
  /** Returns the ID after which to read. */
  startAfter(now: number): number
  /** Returns whether a row that was read is new. */
  add(id: number, now: number): boolean
  /** Returns the highest ID that was read; 0 if none. */
  newest(): number
  /** Starts over. */
  reset(): void
}

/** How long (ms) to wait for a missing ID. Its transaction may have failed. */
const MAX_WAIT = 5_000
/** A crash of the database can skip more IDs than this, but rarely. */
const MAX_MISSING = 100

/**
 * Creates a window. A database assigns IDs before it commits. An ID that is missing between two others may appear later, so
 * reading starts before it for some seconds. While none is missing, nothing is read twice.
 */
export function createIdWindow(): IdWindow {
  const missing = new Map<number, number>()
  let newest = 0
  return {
    startAfter(now) {
      for (const [id, since] of missing) if (now - since > MAX_WAIT) missing.delete(id)
      const [oldest] = missing.keys()
      return oldest === undefined ? newest : oldest - 1
    },
    add(id, now) {
      if (id <= newest) return missing.delete(id)
      const first = newest === 0 ? id : Math.max(newest + 1, id - MAX_MISSING)
      for (let skipped = first; skipped < id; skipped += 1) missing.set(skipped, now)
      newest = id
      return true
    },
    newest: () => newest,
    reset() {
      missing.clear()
      newest = 0
    },
  }
}
