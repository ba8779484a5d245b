import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError } from '../../errors.ts'
import type { SqlDialect } from './dialect.ts'

const LONGEST_PAUSE = 25

/**
 * Runs something that can be run again, until it does not fail for being busy. Pauses without holding anything, so that
 * others go on meanwhile. `StoreUnavailableError` where the patience ends or the database cannot be used.
 */
export async function patiently<Result>(
  dialect: SqlDialect,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const start = performance.now()
  for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      return await attempt()
    } catch (error) {
      if (dialect.isUnavailable(error)) throw new StoreUnavailableError('The database cannot be used', error)
      if (!dialect.isRetryable(error)) throw error
      const hasPatience = performance.now() - start < dialect.patience
      if (!hasPatience) throw new StoreUnavailableError('The database is busy', error)
    }
    // Jitter: those who met once shall not meet again at the same moment.
    await sleep(pause * (0.5 + Math.random()))
  }
}
