import { StoreUnavailableError } from '../errors.ts'
import type { Logger } from '../lib/log.ts'
import { singleFlight } from '../lib/async.ts'

/** How items are written. */
export interface BatchWriterOptions<Item> {
  /** What they are called in the log: `audit entries`. */
  readonly name: string
  readonly write: (items: readonly Item[]) => Promise<void>
  readonly logger: Logger
}

/** Items on their way to the database. Whoever adds one never waits, and never learns that the database fails. */
export interface BatchWriter<Item> {
  /** Takes an item, unless too many are waiting already. Of those with a source there may be only so many a second. */
  add(item: Item, source?: string): void
  /** Writes all that is waiting, if the database can be reached. Never throws. */
  flush(): Promise<void>
  /** Writes what it still can, and ends. */
  close(): Promise<void>
}

/** How often a batch is written (ms), and how many items it holds at most: so many rows a second and no more. */
const INTERVAL = 1_000
const LARGEST_BATCH = 100
const MOST_WAITING = 1_000
/** Places that those with a source cannot take: what is told without one is rare, and matters more. */
const RESERVED = 200
/** Of one source in one interval, so that nobody can push everybody else out. */
const MOST_OF_A_SOURCE = 50

/**
 * Writes items in batches, once a second. While the database cannot be reached they wait; what there is no room for is
 * dropped, and the log says how many.
 */
export function createBatchWriter<Item>({
  name,
  write,
  logger,
}: BatchWriterOptions<Item>): BatchWriter<Item> {
  const waiting: Item[] = []
  const bySource = new Map<string, number>()
  let dropped = 0

  function hasRoom(source: string | undefined): boolean {
    if (source === undefined) return waiting.length < MOST_WAITING
    const count = bySource.get(source) ?? 0
    if (count >= MOST_OF_A_SOURCE || waiting.length >= MOST_WAITING - RESERVED) return false
    bySource.set(source, count + 1)
    return true
  }

  /** Whether it got rid of what it took. */
  async function attempt(): Promise<boolean> {
    const batch = waiting.slice(0, LARGEST_BATCH)
    try {
      if (batch.length > 0) await write(batch)
    } catch (cause) {
      logger.log('warn', `Some ${name} cannot be written`, { count: batch.length, cause: String(cause) })
      if (cause instanceof StoreUnavailableError) return false
      // What fails for another reason would fail for ever, and hold up all that comes after it.
      dropped += batch.length
    }
    waiting.splice(0, batch.length)
    return true
  }
  const writeBatch = singleFlight(attempt)
  const flush = async (): Promise<void> => {
    while (waiting.length > 0 && (await writeBatch()));
  }
  function tellDropped(): void {
    if (dropped > 0) logger.log('warn', `Some ${name} were dropped`, { dropped })
    dropped = 0
  }
  const timer = setInterval(() => {
    bySource.clear()
    tellDropped()
    void writeBatch()
  }, INTERVAL).unref()

  return {
    add(item, source) {
      if (hasRoom(source)) waiting.push(item)
      else dropped += 1
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
      dropped += waiting.splice(0).length
      tellDropped()
    },
  }
}
