import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError } from '../../errors.ts'
import { countDatabaseWait } from '../../lib/database-wait.ts'
import type { SqlDialect } from './dialect.ts'

/** How patient a call is. */
export interface Patience {
  /** How long (ms) it waits while the database is busy. Default: that of the dialect. */
  readonly timeout?: number
  /** About how long (ms) it pauses between two attempts. Default: 1, and twice as long each time, up to 25. */
  readonly pause?: number | undefined
}

const MAX_PAUSE = 25

/** How much longer (ms) than a lock a call waits for an answer: then the server is frozen, unreachable or too slow. */
const GRACE = 1_000

/** How long (ms) one call may take, and all calls of a request together. */
export const callLimit = (busyTimeout: number): number => busyTimeout + GRACE

/**
 * Runs `attempt`, and again while the database is busy. It holds no lock between attempts. Each attempt gets the time of
 * `performance.now()` at which it must have ended: a second after the timeout, or when the request has no time left.
 *
 * @throws StoreUnavailableError if the database is busy for too long, or cannot be used
 */
export const retryWhileBusy = <Result>(
  dialect: SqlDialect,
  attempt: (deadline: number) => Promise<Result>,
  patience: Patience = {},
): Promise<Result> =>
  countDatabaseWait((left) => {
    const { timeout = dialect.busyTimeout } = patience
    return retryFor(Math.min(callLimit(timeout), left), dialect, attempt, patience)
  })

async function retryFor<Result>(
  limit: number,
  dialect: SqlDialect,
  attempt: (deadline: number) => Promise<Result>,
  { pause }: Patience,
): Promise<Result> {
  if (limit <= 0) throw new StoreUnavailableError('The database is too slow', undefined)
  const deadline = performance.now() + limit
  for (let wait = pause ?? 1; ; wait = pause ?? Math.min(wait * 2, MAX_PAUSE)) {
    try {
      return await attempt(deadline)
    } catch (error) {
      if (dialect.isUnavailable(error)) throw unavailable(dialect, error)
      if (!dialect.isRetryable(error)) throw error
      const isTimeUp = performance.now() >= deadline - GRACE
      if (isTimeUp) throw new StoreUnavailableError('The database is busy', error)
    }
    // Jitter keeps two writers that collided once from colliding again.
    await sleep(wait * (0.5 + Math.random()))
  }
}

const unavailable = ({ isMisconfigured }: SqlDialect, error: unknown): StoreUnavailableError =>
  new StoreUnavailableError('The database cannot be used', error, { isMisconfigured: isMisconfigured(error) })
