import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError } from '../errors.ts'
import type { AuditFilter, AuditRecord, AuditStore } from '../store/audit.ts'

/** How to follow the audit log. */
export interface FollowOptions {
  /** Milliseconds between polls. Default: a second. */
  readonly interval?: number
  readonly signal: AbortSignal
  /** Called while the database cannot be read, once per outage. The next poll tries again. */
  readonly onUnavailable?: (error: StoreUnavailableError) => void
}

/** Follows the audit log from the moment when it was created. */
export interface AuditFollower {
  /** Returns whether an entry was visible before, so that it is not yielded. */
  isKnown(id: number): boolean
  /**
   * Yields each new entry once, from any process, until the signal aborts. Survives a database that is locked or unavailable.
   */
  follow(options: FollowOptions): AsyncGenerator<readonly AuditRecord[], void>
}

const BATCH_SIZE = 500
/**
 * Concurrent writers can commit a lower ID after a higher one: each poll lists again what was found within this time (ms). It is
 * longer than the store lets a transaction of a frozen process live.
 */
const OVERLAP = 30_000
/** The number of IDs that may belong to transactions which began before the follower. */
const INITIAL_OVERLAP = 1_000

/** Creates a follower of the entries that meet the conditions. Throws `StoreUnavailableError`. */
export async function createAuditFollower(
  store: Pick<AuditStore, 'listSince' | 'newestId'>,
  filter: AuditFilter,
): Promise<AuditFollower> {
  const window = createWindow(Math.max(0, (await store.newestId()) - INITIAL_OVERLAP))
  await listNew(store, filter, window)
  return {
    isKnown: window.has,
    async *follow({ interval = 1_000, signal, onUnavailable }) {
      let isAvailable = true
      while (!signal.aborted) {
        try {
          const found = await listNew(store, filter, window)
          isAvailable = true
          if (found.length > 0) yield found
        } catch (error) {
          if (!(error instanceof StoreUnavailableError)) throw error
          if (isAvailable) onUnavailable?.(error)
          isAvailable = false
        }
        await sleep(interval, undefined, { signal }).catch(() => undefined)
      }
    },
  }
}

/** Lists from the start of the window, in pages, without what was seen before. */
async function listNew(
  store: Pick<AuditStore, 'listSince'>,
  filter: AuditFilter,
  window: Window,
): Promise<readonly AuditRecord[]> {
  const found: AuditRecord[] = []
  let page: readonly AuditRecord[]
  let from = window.start()
  do {
    page = await store.listSince(from, filter, BATCH_SIZE)
    found.push(...page.filter(({ id }) => !window.has(id)))
    from = page.at(-1)?.id ?? from
  } while (page.length === BATCH_SIZE)
  // Only now: after a failed page, everything is listed again.
  for (const { id } of found) window.add(id)
  return found
}

type Window = ReturnType<typeof createWindow>

/** Remembers the IDs of the last seconds. */
function createWindow(since: number) {
  const seenAt = new Map<number, number>()
  let lowest = since
  return {
    has: (id: number): boolean => id <= lowest || seenAt.has(id),
    add: (id: number): void => void seenAt.set(id, performance.now()),
    /** Returns the ID after which to list, and forgets what is older than the overlap. */
    start(): number {
      const oldest = performance.now() - OVERLAP
      for (const [id, time] of seenAt) {
        if (time > oldest) continue
        lowest = Math.max(lowest, id)
        seenAt.delete(id)
      }
      return lowest
    },
  }
}
