import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { AuthorizationStore } from '../store/contract.ts'
import { repeat } from './repeat.ts'

/** What the notes of last uses need. */
export interface LastUsedTrackerOptions {
  readonly store: Pick<AuthorizationStore, 'markUsed'>
  readonly clock: Clock
  readonly logger: Logger
  /** How long (ms) between two writes; default a minute. */
  readonly interval?: number
}

/** When personal access tokens were used last on this node. A node that is killed forgets a minute at the most. */
export interface LastUsedTracker {
  /** Notes a use, in memory. */
  mark(authorizationId: string): void
  /** When it was used last (ms), where that is not written down yet. */
  usedAt(authorizationId: string): number | undefined
  /** Writes down what is not yet, and begins nothing more. */
  close(): Promise<void>
}

const MINUTE = 60_000
/** How many uses are written at once: others wait for the database meanwhile. */
const BATCH = 500

/** Begins to note uses, and to write them down once a minute. */
export function startLastUsedTracker({
  store,
  clock,
  logger,
  interval = MINUTE,
}: LastUsedTrackerOptions): LastUsedTracker {
  const uses = new Map<string, number>()
  /** What cannot be written stays for the next time; so does what is used again meanwhile. */
  const write = async (): Promise<void> => {
    const due = [...uses]
    for (let start = 0; start < due.length; start += BATCH) {
      const batch = due.slice(start, start + BATCH)
      await store.markUsed(new Map(batch))
      for (const [id, usedAt] of batch) if (uses.get(id) === usedAt) uses.delete(id)
      // An embedded database answers at once: without this, nobody else's turn would come before the last batch.
      await nextTurn()
    }
  }
  const stop = repeat({ name: 'The note of last uses', wait: () => interval, work: write, logger })
  return {
    mark: (id) => void uses.set(id, clock.now()),
    usedAt: (id) => uses.get(id),
    async close() {
      await stop()
      await write().catch((cause: unknown) =>
        logger.log('warn', 'The last uses are lost', { cause: String(cause) }),
      )
    },
  }
}
