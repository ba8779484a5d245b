import type { Logger } from '../lib/log.ts'
import { purge, trimAudit, type PurgeContext } from './purge.ts'
import { repeat } from './repeat.ts'

/** The dependencies of the maintenance. */
export interface MaintenanceOptions extends PurgeContext {
  /** Milliseconds; 0 turns purging off. */
  readonly purgeInterval: number
  readonly logger: Logger
}

/** The maintenance that a running server does by itself. */
export interface Maintenance {
  /** Stops it, between two batches. */
  close(): Promise<void>
}

const TRIM_INTERVAL = 60_000

/**
 * Purges at the interval, and trims the audit log every minute. Several nodes may do so at the same time; random delays
 * spread them.
 */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { purgeInterval, auditRetention, logger } = options
  const abort = new AbortController()
  const start = (interval: number, work: () => Promise<unknown>) =>
    repeat({ name: 'Purge', wait: () => interval * (0.75 + Math.random() / 2), work, logger })
  const jobs = [
    purgeInterval > 0 && start(purgeInterval, () => purge(options, { signal: abort.signal })),
    auditRetention > 0 && start(TRIM_INTERVAL, () => trimAudit(options, abort.signal)),
  ].filter((job) => job !== false)
  return {
    async close() {
      abort.abort()
      await Promise.all(jobs.map((stop) => stop()))
    },
  }
}
