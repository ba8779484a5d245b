import type { Logger } from '../lib/log.ts'
import { purge, trimAudit, type PurgePlace } from './purge.ts'

/** What upkeep needs. `purgeInterval` in ms; 0 for never. */
export interface UpkeepOptions extends PurgePlace {
  readonly purgeInterval: number
  readonly logger: Logger
}

/** What a running server does by itself to keep its tables small. */
export interface Upkeep {
  /** Ends what is under way between two batches, and begins nothing more. */
  close(): Promise<void>
}

const TRIM_INTERVAL = 60_000

/**
 * Begins to purge at the interval, and to trim the audit log each minute. That several nodes do so at once is harmless;
 * jitter keeps them apart.
 */
export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { purgeInterval, auditRetention, logger } = options
  const abort = new AbortController()
  const jobs = [
    purgeInterval > 0 && repeat(purgeInterval, () => purge(options, { signal: abort.signal }), logger),
    auditRetention > 0 && repeat(TRIM_INTERVAL, () => trimAudit(options, abort.signal), logger),
  ].filter((job) => job !== false)
  return {
    async close() {
      abort.abort()
      await Promise.all(jobs.map((stop) => stop()))
    },
  }
}

/** Does something again and again, an interval after its end. Gives back what stops it, and waits for it. */
function repeat(interval: number, work: () => Promise<unknown>, logger: Logger): () => Promise<void> {
  let timer: NodeJS.Timeout
  let running = Promise.resolve()
  const run = async (): Promise<void> => {
    await work().catch((cause: unknown) => logger.log('warn', 'The purge failed', { cause: String(cause) }))
    schedule()
  }
  function schedule(): void {
    const jitter = 0.75 + Math.random() / 2
    timer = setTimeout(() => void (running = run()), interval * jitter).unref()
  }
  schedule()
  return async () => {
    clearTimeout(timer)
    await running
    clearTimeout(timer)
  }
}
