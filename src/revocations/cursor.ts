/** From where on a feed is read. */
export interface Cursor {
  /** Above which id to read at this moment. */
  startAfter(moment: number): number
  /** Remembers that everything up to an id was seen at a moment. */
  advance(id: number, moment: number): void
  /** Back to the beginning. */
  rewind(): void
}

/** Ids are given before they are committed: a poll reads again what the last ones read within this time (ms). */
const OVERLAP = 30_000
/** As long as nothing has been known for that time: how many ids are read again. */
const UNSETTLED_OVERLAP = 1_000

/** Begins at the beginning. Moments are those of the monotonic clock. */
export function createCursor(): Cursor {
  let marks: readonly { readonly id: number; readonly moment: number }[] = []
  return {
    startAfter(moment) {
      const settled = marks.findLastIndex((mark) => moment - mark.moment > OVERLAP)
      if (settled > 0) marks = marks.slice(settled)
      const oldest = marks[0]?.id ?? 0
      return settled < 0 ? Math.max(0, oldest - UNSETTLED_OVERLAP) : oldest
    },
    advance(id, moment) {
      if (id > (marks.at(-1)?.id ?? 0)) marks = [...marks, { id, moment }]
    },
    rewind() {
      marks = []
    },
  }
}
