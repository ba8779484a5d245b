import { singleFlight, waitForShared } from '../lib/async.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import { createRevocationHistory } from './history.ts'
import { createReader, type RevocationSource } from './reader.ts'
import type { RevocationSet } from './revocation-set.ts'

/** Times are in milliseconds. */
export interface FeedOptions {
  readonly source: RevocationSource
  readonly clock: Clock
  readonly logger: Logger
  /** A revocation by another node takes effect within this time and one query. */
  readonly pollInterval: number
  /** The maximum age of the last successful poll. After that, guards stop accepting tokens. */
  readonly maxStaleness: number
}

/** The revocations that this node knows, kept up to date by polling. */
export interface RevocationFeed extends Omit<RevocationSet, 'apply' | 'sweep'> {
  /** Adds an entry that this node has written itself. */
  apply(entry: RevocationEntry): void
  /** Returns whether the last successful poll started less than `maxStaleness` ago. */
  isFresh(): boolean
  /** Milliseconds since the last successful poll started; infinite before the first. */
  readonly age: number
  /** Why the last poll failed. Undefined if it succeeded. */
  readonly problem: string | undefined
  /** Polls now. Concurrent calls share one poll. Throws the errors of the source. */
  sync(): Promise<void>
  /** Adds an entry that another node has announced. It changes nothing about what is polled next. */
  applyAnnounced(entry: RevocationEntry): void
  /** Calls a listener with each further entry that is new to this node, from any node. */
  onAdded(listener: (entry: RevocationEntry) => void): void
  /** Starts polling. */
  start(): void
  close(): void
}

/** A million entries are checked in 200 seconds. */
const SWEEP_INTERVAL = 1_000
/** How often all entries are read again (ms), in case one appeared after the overlap. */
const RECONCILE_INTERVAL = 600_000

/** Creates a feed that does not poll yet. Freshness uses the monotonic clock, which cannot be set. */
export function createRevocationFeed({
  source,
  clock,
  logger,
  pollInterval,
  maxStaleness,
}: FeedOptions): RevocationFeed {
  const revocations = createRevocationHistory()
  const listeners: ((entry: RevocationEntry) => void)[] = []
  const reader = createReader(source, revocations, clock, logger, (entry) => {
    for (const listener of listeners) listener(entry)
  })
  let freshSince = Number.NEGATIVE_INFINITY
  let timers: readonly NodeJS.Timeout[] = []

  async function poll(): Promise<void> {
    const startedAt = performance.now()
    await reader.read()
    freshSince = startedAt
  }
  const outageLog = createOutageLog(logger, {
    failed: 'Revocation feed is unreachable',
    recovered: 'Revocation feed is reachable again',
  })
  const share = singleFlight(() => outageLog.watch(poll))
  const pollInBackground = (): void => void share().catch(() => {})

  return {
    hasRevokedToken: revocations.hasRevokedToken,
    hasRevokedAuthorization: revocations.hasRevokedAuthorization,
    hasRevokedSession: revocations.hasRevokedSession,
    get version() {
      return revocations.version
    },
    get size() {
      return revocations.size
    },
    get issuerEpoch() {
      return revocations.issuerEpoch
    },
    get problem() {
      return outageLog.cause
    },
    get age() {
      return performance.now() - freshSince
    },
    isFresh: () => performance.now() - freshSince <= maxStaleness,
    sync: () => waitForShared(share()),
    apply: reader.apply,
    applyAnnounced: reader.applyAnnounced,
    onAdded: (listener) => void listeners.push(listener),
    start() {
      timers = [
        setInterval(pollInBackground, pollInterval).unref(),
        setInterval(reader.sweep, SWEEP_INTERVAL).unref(),
        setInterval(reader.reconcile, RECONCILE_INTERVAL).unref(),
      ]
    },
    close() {
      for (const timer of timers) clearInterval(timer)
    },
  }
}
