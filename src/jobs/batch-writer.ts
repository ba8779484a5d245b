import { StoreUnavailableError } from '../errors.ts'
import { singleFlight, waitForShared } from '../lib/async.ts'
import type { Logger } from '../lib/log.ts'

/** How a batch writer writes. */
export interface BatchWriterOptions<Item> {
  /** The name of the items in the log: `audit entries`. */
  readonly name: string
  readonly write: (items: readonly Item[]) => Promise<void>
  readonly logger: Logger
}

/** Writes items to the database in the background. Adding one never waits and never fails. */
export interface BatchWriter<Item> {
  /** Adds an item, or drops it if too many are waiting. With a source, also limits the items per source and second. */
  add(item: Item, source?: string): void
  /** Writes what is waiting if the database is available and not too slow. Never throws. */
  flush(): Promise<void>
  /** Writes what it can, drops the rest, and stops. */
  close(): Promise<void>
}

/** One batch per second limits the rows that a flood can cause. */
const INTERVAL = 1_000
const MAX_BATCH_SIZE = 100
const MAX_WAITING = 1_000
/** Places for items without a source: they are rare and matter more. */
const RESERVED = 200
/** Per interval, so that one source cannot displace the others. */
const MAX_PER_SOURCE = 50

/**
 * Creates a batch writer. Items wait while the database is unavailable. Items that do not fit are dropped, and the log
 * says how many.
 */
export function createBatchWriter<Item>({
  name,
  write,
  logger,
}: BatchWriterOptions<Item>): BatchWriter<Item> {
  const waiting: Item[] = []
  const countBySource = new Map<string, number>()
  let dropped = 0

  function hasRoom(source: string | undefined): boolean {
    if (source === undefined) return waiting.length < MAX_WAITING
    const count = countBySource.get(source) ?? 0
    if (count >= MAX_PER_SOURCE || waiting.length >= MAX_WAITING - RESERVED) return false
    countBySource.set(source, count + 1)
    return true
  }

  /** Returns false if the batch must be tried again. */
  async function tryWrite(): Promise<boolean> {
    const batch = waiting.slice(0, MAX_BATCH_SIZE)
    try {
      if (batch.length > 0) await write(batch)
    } catch (cause) {
      logger.log('warn', `Cannot write ${name}`, { count: batch.length, cause: String(cause) })
      if (cause instanceof StoreUnavailableError) return false
      // Any other failure would repeat forever and block the items behind it.
      dropped += batch.length
    }
    waiting.splice(0, batch.length)
    return true
  }
  const writeBatch = singleFlight(tryWrite)
  const flush = async (): Promise<void> => {
    while (waiting.length > 0 && (await waitForShared(writeBatch()).catch(() => false)));
  }
  function logDropped(): void {
    if (dropped > 0) logger.log('warn', `Dropped ${name}`, { dropped })
    dropped = 0
  }
  const timer = setInterval(() => {
    countBySource.clear()
    logDropped()
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
      logDropped()
    },
  }
}
