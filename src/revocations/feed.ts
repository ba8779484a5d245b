import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { singleFlight } from '../lib/async.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import type { RevocationSet } from './revocation-set.ts'
import { createReader, type RevocationSource } from './reader.ts'
import { createRevocationHistory } from './history.ts'

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
export interface RevocationFeed extends Omit<RevocationSet, 'sweep'> {
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

const SWEEP_INTERVAL = 10_000
/** All that there are are read once more this often (ms), in case the overlap was once too short. */
const RECONCILE_INTERVAL = 600_000

/** Makes a feed; it polls only once started. Freshness is measured on the monotonic clock, which nobody can set. */
export function createRevocationFeed({
  source,
  clock,
  logger,
  pollInterval,
  maxStaleness,
}: FeedOptions): RevocationFeed {
  const live = createRevocationHistory()
  const reader = createReader(source, live, clock, logger)
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
  const sync = singleFlight(() => outageLog.watch(poll))
  const pollQuietly = (): void => void sync().catch(() => {})

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
      return outageLog.cause
    },
    isFresh: () => performance.now() - freshSince <= maxStaleness,
    sync,
    apply: reader.apply,
    start() {
      timers = [
        setInterval(pollQuietly, pollInterval).unref(),
        setInterval(reader.sweep, SWEEP_INTERVAL).unref(),
        setInterval(reader.reconcile, RECONCILE_INTERVAL).unref(),
      ]
    },
    close() {
      for (const timer of timers) clearInterval(timer)
    },
  }
}
