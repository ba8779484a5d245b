import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { createTrouble } from '../lib/trouble.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import { createLiveSet, type LiveSet } from './live-set.ts'

/** Where the entries come from: the store, or the issuer's feed over HTTP. */
export interface RevocationSource {
  /** The first `limit` entries with an id above `cursor`, by id ascending. */
  since(cursor: number, now: number, limit: number): Promise<readonly RevocationEntry[]>
}

/** How a node follows the revocations of all. Times in milliseconds. */
export interface FeedOptions {
  readonly source: RevocationSource
  readonly clock: Clock
  readonly logger: Logger
  /** Between polls. A revocation of another node takes effect within this and one query. */
  readonly pollInterval: number
  /** How old the last successful poll may be before nobody is let in. */
  readonly maxStaleness: number
}

/** This node's knowledge of what is revoked, and how fresh it is. */
export interface RevocationFeed extends Omit<LiveSet, 'sweep'> {
  /** Whether the last successful poll began less than `maxStaleness` ago. */
  isFresh(): boolean
  /** Why the last poll failed; undefined where it did not. */
  readonly problem: string | undefined
  /** Reads what is new now; calls at the same time share one read. Throws what the source throws. */
  sync(): Promise<void>
  /** Begins to poll. */
  start(): void
  close(): void
}

/** Ids are given before they are committed: a poll reads again what the last ones read within this time (ms). */
const OVERLAP = 30_000
/** As long as nothing has been known for that time: how many ids are read again. */
const OVERLAP_IDS = 1_000
/** How many entries are read at once, so that a million of them never holds up the requests between. */
const BATCH = 5_000
const SWEEP_INTERVAL = 60_000
/** All is read again from the beginning this often (ms), in case the overlap was once too short. */
const RECONCILE_INTERVAL = 600_000

/** Makes a feed; it polls only once started. Freshness is measured on the monotonic clock, which nobody can set. */
export function createRevocationFeed({
  source,
  clock,
  logger,
  pollInterval,
  maxStaleness,
}: FeedOptions): RevocationFeed {
  const live = createLiveSet()
  const seen = createCursor()
  let freshSince = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined
  let timers: readonly NodeJS.Timeout[] = []

  async function poll(): Promise<void> {
    const startedAt = performance.now()
    let cursor = seen.safe(startedAt)
    let entries: readonly RevocationEntry[]
    do {
      entries = await source.since(cursor, clock.now(), BATCH)
      for (const entry of entries) live.apply(entry)
      cursor = entries.at(-1)?.id ?? cursor
    } while (entries.length === BATCH)
    seen.advance(cursor, startedAt)
    freshSince = startedAt
  }
  const sync = (): Promise<void> =>
    (running ??= poll().finally(() => {
      running = undefined
    }))
  const trouble = createTrouble(logger, 'The revocation feed')
  const pollQuietly = (): void => void sync().then(trouble.over, trouble.failed)

  return {
    hasRevokedToken: live.hasRevokedToken,
    hasRevokedAuthorization: live.hasRevokedAuthorization,
    hasRevokedSession: live.hasRevokedSession,
    get version() {
      return live.version
    },
    get size() {
      return live.size
    },
    get issuerEpoch() {
      return live.issuerEpoch
    },
    get problem() {
      return trouble.cause
    },
    isFresh: () => performance.now() - freshSince <= maxStaleness,
    sync,
    apply: live.apply,
    start() {
      timers = [
        setInterval(pollQuietly, pollInterval).unref(),
        setInterval(() => live.sweep(clock.now()), SWEEP_INTERVAL).unref(),
        setInterval(seen.rewind, RECONCILE_INTERVAL).unref(),
      ]
    },
    close() {
      for (const timer of timers) clearInterval(timer)
    },
  }
}

interface Cursor {
  /** Above which id to read at this moment. */
  safe(moment: number): number
  /** Remembers that everything up to an id was seen at a moment. */
  advance(id: number, moment: number): void
  rewind(): void
}

function createCursor(): Cursor {
  let marks: readonly { readonly id: number; readonly moment: number }[] = []
  return {
    safe(moment) {
      const settled = marks.findLastIndex((mark) => moment - mark.moment > OVERLAP)
      if (settled > 0) marks = marks.slice(settled)
      const oldest = marks[0]?.id ?? 0
      return settled < 0 ? Math.max(0, oldest - OVERLAP_IDS) : oldest
    },
    advance(id, moment) {
      if (id > (marks.at(-1)?.id ?? 0)) marks = [...marks, { id, moment }]
    },
    rewind() {
      marks = []
    },
  }
}
