import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { endOfTurn } from '../lib/turn.ts'
import type { AuthorizationStore } from '../store/authorizations.ts'
import { repeat } from './repeat.ts'

/** The dependencies of the tracker. */
export interface LastUsedTrackerOptions {
  readonly store: Pick<AuthorizationStore, 'markUsed'>
  readonly clock: Clock
  readonly logger: Logger
  /** How often uses are written, in milliseconds. Default: every minute. */
  readonly interval?: number
}

/** Tracks when personal access tokens were last used on this node. A killed node loses at most one minute. */
export interface LastUsedTracker {
  /** Records a use in memory. */
  mark(authorizationId: string): void
  /** Returns the last use that is not written yet, in milliseconds since 1970. */
  usedAt(authorizationId: string): number | undefined
  /** Stops, and writes what is pending. */
  close(): Promise<void>
}

const MINUTE = 60_000
/** A larger batch would make other queries wait for too long. */
const BATCH_SIZE = 500

export function startLastUsedTracker({
  store,
  clock,
  logger,
  interval = MINUTE,
}: LastUsedTrackerOptions): LastUsedTracker {
  const uses = new Map<string, number>()
  /** Keeps what could not be written, and what was used again meanwhile, for the next time. */
  const write = async (): Promise<void> => {
    const pending = [...uses]
    for (let start = 0; start < pending.length; start += BATCH_SIZE) {
      const batch = pending.slice(start, start + BATCH_SIZE)
      await store.markUsed(new Map(batch))
      for (const [id, usedAt] of batch) if (uses.get(id) === usedAt) uses.delete(id)
      // An embedded database answers synchronously: without this, requests would wait for the last batch.
      await endOfTurn()
    }
  }
  const stop = repeat({ name: 'Writing last uses', wait: () => interval, work: write, logger })
  return {
    mark: (id) => void uses.set(id, clock.now()),
    usedAt: (id) => uses.get(id),
    async close() {
      await stop()
      await write().catch((cause: unknown) =>
        logger.log('warn', 'Last uses are lost', { cause: String(cause) }),
      )
    },
  }
}
