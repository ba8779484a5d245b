import { EXPIRY_MARGIN, type Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { endOfTurn } from '../lib/turn.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import { createCursor } from './cursor.ts'
import type { RevocationHistory } from './history.ts'

/** The store, or the issuer's feed over HTTP. */
export interface RevocationSource {
  /**
   * Returns the first `limit` entries with an ID above `cursor`, in ascending order. Expired entries can be left out,
   * except the newest of all.
   */
  listSince(cursor: number, now: number, limit: number): Promise<readonly RevocationEntry[]>
}

/** Reads the entries of a source into memory. */
export interface Reader {
  /** Reads new entries. Throws the errors of the source. */
  read(): Promise<void>
  /** Adds an entry that this node has written itself. */
  apply(entry: RevocationEntry): void
  /**
   * Adds an entry that another node has announced. The anchor stays: only what the store has returned can show that it was
   * restored from a backup.
   */
  applyAnnounced(entry: RevocationEntry): void
  /** Makes the next reads go through all entries once more, a part each. */
  reconcile(): void
  /** Drops entries whose tokens have all expired. */
  sweep(): void
}

interface ReadResult {
  /** The entry that now has the ID of the anchor. */
  readonly atAnchor: RevocationEntry | undefined
  readonly newest: RevocationEntry | undefined
  readonly hasMore: boolean
}

/** The number of entries per query. It takes a few milliseconds, and requests wait meanwhile. */
const BATCH_SIZE = 1_000
/** How much longer (ms) expired entries are kept, so that a clock that is corrected a little does not bring them back. */
const SMALL_STEP = 10_000
/** The number of entries that a read reconciles. More would delay the new ones. */
const RECONCILE_SIZE = 10_000

/**
 * Creates a reader. The newest entry that it knows is its anchor. If the anchor changes or disappears, the database may
 * have been restored from a backup and assign the same IDs again, so all entries are read again. `onAdded` is called with
 * each entry that is new to this node.
 */
export function createReader(
  source: RevocationSource,
  revocations: RevocationHistory,
  clock: Clock,
  logger: Logger,
  onAdded: (entry: RevocationEntry) => void,
): Reader {
  const cursor = createCursor()
  let anchor: RevocationEntry | undefined
  let latestTime = Number.NEGATIVE_INFINITY
  // The ID up to which entries were reconciled. Undefined if nothing is left to reconcile.
  let reconciledId: number | undefined

  const add = (entry: RevocationEntry): void => {
    if (revocations.apply(entry)) onAdded(entry)
  }
  const moveAnchor = (entry: RevocationEntry | undefined): void => {
    if (entry && entry.id > (anchor?.id ?? 0)) anchor = entry
  }

  async function readFrom(
    start: number,
    now: number,
    known?: RevocationEntry,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<ReadResult> {
    let atAnchor: RevocationEntry | undefined
    let newest: RevocationEntry | undefined
    let entries: readonly RevocationEntry[]
    let count = 0
    do {
      // SQLite is synchronous. Without a pause, requests would wait until a million entries are read.
      if (newest) await endOfTurn()
      entries = await source.listSince(newest?.id ?? start, now, BATCH_SIZE)
      for (const entry of entries) {
        add(entry)
        if (entry.id === known?.id) atAnchor = entry
      }
      newest = entries.at(-1) ?? newest
      count += entries.length
    } while (entries.length === BATCH_SIZE && count < limit)
    return { atAnchor, newest, hasMore: entries.length === BATCH_SIZE }
  }

  async function reconcilePart(now: number): Promise<void> {
    if (reconciledId === undefined) return
    const { newest, hasMore } = await readFrom(reconciledId, now, undefined, RECONCILE_SIZE)
    reconciledId = hasMore ? newest?.id : undefined
  }

  async function startOver(
    lost: RevocationEntry,
    result: ReadResult,
    now: number,
    issuerEpoch: number,
  ): Promise<ReadResult> {
    cursor.reset()
    anchor = undefined
    if (isRestoredBackup(lost, result, now)) {
      revocations.archive(issuerEpoch)
      logger.log('error', 'Revocation IDs went back. Run `consulate recover` if you restored a backup', {
        newest: result.newest?.id ?? null,
        known: lost.id,
      })
    }
    return readFrom(0, now)
  }

  return {
    async read() {
      const [time, issuerEpoch] = [performance.now(), revocations.issuerEpoch]
      const now = clock.now() - SMALL_STEP
      // The anchor can move during the read, to an entry that the read does not return.
      const known = anchor
      latestTime = Math.max(latestTime, now)
      if (now < latestTime - SMALL_STEP) {
        // The clock was set back: entries that were dropped as expired are valid again.
        cursor.reset()
        latestTime = now
      }
      const start = Math.min(cursor.startAfter(time), (known?.id ?? 1) - 1)
      let result = await readFrom(start, now, known)
      if (known && !isSame(known, result.atAnchor)) {
        result = await startOver(known, result, now, issuerEpoch)
      }
      revocations.dropSuperseded()
      moveAnchor(result.newest)
      cursor.advance(result.newest?.id ?? 0, time)
      await reconcilePart(now)
    },
    apply(entry) {
      add(entry)
      moveAnchor(entry)
    },
    applyAnnounced: add,
    reconcile() {
      reconciledId ??= 0
    },
    sweep() {
      const now = clock.now() - SMALL_STEP
      latestTime = Math.max(latestTime, now)
      revocations.sweep(now)
    },
  }
}

/** Returns false if the anchor is only missing because it expired or was replaced. */
function isRestoredBackup(anchor: RevocationEntry, { atAnchor, newest }: ReadResult, now: number): boolean {
  if (atAnchor || (newest?.id ?? 0) < anchor.id) return true
  return anchor.expiresAt !== null && anchor.expiresAt > now + EXPIRY_MARGIN
}

const isSame = (left: RevocationEntry, right: RevocationEntry | undefined): boolean =>
  left.kind === right?.kind &&
  left.subject === right.subject &&
  left.epoch === right.epoch &&
  left.expiresAt === right.expiresAt
