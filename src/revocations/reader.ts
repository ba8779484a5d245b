import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import { createCursor } from './cursor.ts'
import type { Timelines } from './timelines.ts'

/** Where the entries come from: the store, or the issuer's feed over HTTP. */
export interface RevocationSource {
  /** The first `limit` entries with an id above `cursor`, by id ascending; the newest of all, even where it has expired. */
  since(cursor: number, now: number, limit: number): Promise<readonly RevocationEntry[]>
}

/** What reads the entries of a source into memory. */
export interface Reader {
  /** Reads what is new. Throws what the source throws. */
  read(): Promise<void>
  /** Takes in an entry that this node has written itself. */
  apply(entry: RevocationEntry): void
  /** Has the next read begin at the beginning. */
  rewind(): void
  /** Drops the entries whose tokens have all expired. */
  sweep(): void
}

/** What a read came upon: the entry that has the id of the anchor, and the one with the highest id. */
interface Found {
  readonly atAnchor: RevocationEntry | undefined
  readonly newest: RevocationEntry | undefined
}

/** How many entries are read at once, so that a million of them never holds up the requests between. */
const BATCH = 5_000
/** How far (ms) the clocks of two nodes may be apart before one of them is wrong about what has expired. */
const MOST_SKEW = 300_000

/**
 * Makes a reader. The newest entry that it knows is its anchor: where that is not found again, the ids may have begun
 * anew from those of a backup, and all is read again.
 */
export function createReader(
  source: RevocationSource,
  live: Timelines,
  clock: Clock,
  logger: Logger,
): Reader {
  const seen = createCursor()
  let anchor: RevocationEntry | undefined
  let latest = Number.NEGATIVE_INFINITY

  const note = (entry: RevocationEntry | undefined): void => {
    if (entry && entry.id > (anchor?.id ?? 0)) anchor = entry
  }

  async function readFrom(start: number, now: number, known?: RevocationEntry): Promise<Found> {
    let [atAnchor, newest]: [Found['atAnchor'], Found['newest']] = [undefined, undefined]
    let entries: readonly RevocationEntry[]
    do {
      entries = await source.since(newest?.id ?? start, now, BATCH)
      for (const entry of entries) {
        live.apply(entry)
        if (entry.id === known?.id) atAnchor = entry
      }
      newest = entries.at(-1) ?? newest
    } while (entries.length === BATCH)
    return { atAnchor, newest }
  }

  async function readAgain(lost: RevocationEntry, found: Found, now: number, epoch: number): Promise<Found> {
    seen.rewind()
    anchor = undefined
    if (provesReturn(lost, found, now)) {
      live.turn(epoch)
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
      const start = Math.min(seen.safe(moment), (known?.id ?? 1) - 1)
      let found = await readFrom(start, now, known)
      if (known && !isSame(known, found.atAnchor)) found = await readAgain(known, found, now, epoch)
      live.settle()
      note(found.newest)
      seen.advance(found.newest?.id ?? 0, moment)
    },
    apply(entry) {
      live.apply(entry)
      note(entry)
    },
    rewind: seen.rewind,
    sweep() {
      const now = clock.now()
      latest = Math.max(latest, now)
      live.sweep(now)
    },
  }
}

/** Whether the store must have gone back, and did not just let go of an entry that has expired or was replaced. */
function provesReturn(anchor: RevocationEntry, { atAnchor, newest }: Found, now: number): boolean {
  if (atAnchor || (newest?.id ?? 0) < anchor.id) return true
  return anchor.expiresAt !== null && anchor.expiresAt > now + MOST_SKEW
}

const isSame = (left: RevocationEntry, right: RevocationEntry | undefined): boolean =>
  left.kind === right?.kind &&
  left.subject === right.subject &&
  left.epoch === right.epoch &&
  left.expiresAt === right.expiresAt
