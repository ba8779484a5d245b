import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import { createCursor } from './cursor.ts'
import type { RevocationHistory } from './history.ts'

/** Where the entries come from: the store, or the issuer's feed over HTTP. */
export interface RevocationSource {
  /** The first `limit` entries with an id above `cursor`, by id ascending; the newest of all, even where it has expired. */
  listSince(cursor: number, now: number, limit: number): Promise<readonly RevocationEntry[]>
}

/** What reads the entries of a source into memory. */
export interface Reader {
  /** Reads what is new. Throws what the source throws. */
  read(): Promise<void>
  /** Takes in an entry that this node has written itself. */
  apply(entry: RevocationEntry): void
  /** Has the next reads go through all that there are once more, a part each. */
  reconcile(): void
  /** Drops the entries whose tokens have all expired. */
  sweep(): void
}

/** What a read came upon: the entry that has the id of the anchor, the one with the highest id, and whether more come. */
interface Found {
  readonly atAnchor: RevocationEntry | undefined
  readonly newest: RevocationEntry | undefined
  readonly hasMore: boolean
}

/** How many entries are read at once: a few milliseconds' worth, since requests wait meanwhile. */
const BATCH = 1_000
/** How many of all entries one read goes through once more: it must not keep what is new waiting. */
const PART = 10_000
/** How far (ms) the clocks of two nodes may be apart before one of them is wrong about what has expired. */
const MOST_SKEW = 300_000

/**
 * Makes a reader. The newest entry that it knows is its anchor: where that is not found again, the ids may have begun
 * anew from those of a backup, and all is read again.
 */
export function createReader(
  source: RevocationSource,
  live: RevocationHistory,
  clock: Clock,
  logger: Logger,
): Reader {
  const seen = createCursor()
  let anchor: RevocationEntry | undefined
  let latest = Number.NEGATIVE_INFINITY
  // After which id to go on with reading all once more; undefined where that is done.
  let reconciled: number | undefined

  const note = (entry: RevocationEntry | undefined): void => {
    if (entry && entry.id > (anchor?.id ?? 0)) anchor = entry
  }

  async function readFrom(
    start: number,
    now: number,
    known?: RevocationEntry,
    most = Number.POSITIVE_INFINITY,
  ): Promise<Found> {
    let [atAnchor, newest]: [Found['atAnchor'], Found['newest']] = [undefined, undefined]
    let entries: readonly RevocationEntry[]
    let count = 0
    do {
      // SQLite answers within the same turn of the event loop: without this, requests would wait for a million entries.
      if (newest) await nextTurn()
      entries = await source.listSince(newest?.id ?? start, now, BATCH)
      for (const entry of entries) {
        live.apply(entry)
        if (entry.id === known?.id) atAnchor = entry
      }
      newest = entries.at(-1) ?? newest
      count += entries.length
    } while (entries.length === BATCH && count < most)
    return { atAnchor, newest, hasMore: entries.length === BATCH }
  }

  async function readPart(now: number): Promise<void> {
    if (reconciled === undefined) return
    const { newest, hasMore } = await readFrom(reconciled, now, undefined, PART)
    reconciled = hasMore ? newest?.id : undefined
  }

  async function readAgain(lost: RevocationEntry, found: Found, now: number, epoch: number): Promise<Found> {
    seen.rewind()
    anchor = undefined
    if (isRollback(lost, found, now)) {
      live.archive(epoch)
      logger.log('error', 'The revocations went back: if a backup was restored, run `consulate recover`', {
        newest: found.newest?.id ?? null,
        known: lost.id,
      })
    }
    return readFrom(0, now)
  }

  return {
    async read() {
      const [moment, now, epoch] = [performance.now(), clock.now(), live.issuerEpoch]
      // The one of this moment: what is written while this read goes on, it need not find.
      const known = anchor
      // What had expired by a clock that was set back since has not any more.
      if (now < latest) seen.rewind()
      latest = now
      const start = Math.min(seen.startAfter(moment), (known?.id ?? 1) - 1)
      let found = await readFrom(start, now, known)
      if (known && !isSame(known, found.atAnchor)) found = await readAgain(known, found, now, epoch)
      live.dropSuperseded()
      note(found.newest)
      seen.advance(found.newest?.id ?? 0, moment)
      await readPart(now)
    },
    apply(entry) {
      live.apply(entry)
      note(entry)
    },
    reconcile() {
      reconciled ??= 0
    },
    sweep() {
      const now = clock.now()
      latest = Math.max(latest, now)
      live.sweep(now)
    },
  }
}

/** Whether the store must have gone back, and did not just let go of an entry that has expired or was replaced. */
function isRollback(anchor: RevocationEntry, { atAnchor, newest }: Found, now: number): boolean {
  if (atAnchor || (newest?.id ?? 0) < anchor.id) return true
  return anchor.expiresAt !== null && anchor.expiresAt > now + MOST_SKEW
}

const isSame = (left: RevocationEntry, right: RevocationEntry | undefined): boolean =>
  left.kind === right?.kind &&
  left.subject === right.subject &&
  left.epoch === right.epoch &&
  left.expiresAt === right.expiresAt
