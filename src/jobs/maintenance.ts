import type { Logger } from '../lib/log.ts'
import { purge, trimAudit, type PurgeContext } from './purge.ts'
import { repeat } from './repeat.ts'

/** What upkeep needs. `purgeInterval` in ms; 0 for never. */
export interface MaintenanceOptions extends PurgeContext {
  readonly purgeInterval: number
  readonly logger: Logger
}

/** What a running server does by itself to keep its tables small. */
export interface Maintenance {
  /** Ends what is under way between two batches, and begins nothing more. */
  close(): Promise<void>
}

const TRIM_INTERVAL = 60_000

/**
 * Begins to purge at the interval, and to trim the audit log each minute. That several nodes do so at once is harmless;
 * jitter keeps them apart.
 */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { purgeInterval, auditRetention, logger } = options
  const abort = new AbortController()
  const start = (interval: number, work: () => Promise<unknown>) =>
    repeat({ name: 'The purge', wait: () => interval * (0.75 + Math.random() / 2), work, logger })
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
