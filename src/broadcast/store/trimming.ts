import type { MessageStore } from '../../store/messages.ts'

/** Deletes messages that all nodes have read. */
export interface Trimming {
  /** Call it with the highest ID that was read. Deletes what was the highest some minutes ago. */
  trim(newest: number): Promise<void>
}

/** Longer than a message is valid (ms). */
const LIFETIME = 180_000
/** Milliseconds. */
const INTERVAL = 30_000

/** Creates the trimming of one node. It needs no times in the rows, only the monotonic clock of this node. */
export function createTrimming(store: Pick<MessageStore, 'deleteUpTo'>): Trimming {
  const marks: { readonly id: number; readonly time: number }[] = []
  return {
    async trim(newest) {
      const now = performance.now()
      const [oldest] = marks
      if (oldest && now - oldest.time >= LIFETIME) {
        marks.shift()
        await store.deleteUpTo(oldest.id)
      }
      const last = marks.at(-1)
      if (newest > (last?.id ?? 0) && now - (last?.time ?? -INTERVAL) >= INTERVAL)
        marks.push({ id: newest, time: now })
    },
  }
}
