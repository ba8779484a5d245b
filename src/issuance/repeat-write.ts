import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError } from '../errors.ts'
import { hasWaitedLong } from '../lib/database-wait.ts'

/** How long (ms) after the first attempt a write is repeated. */
const PATIENCE = 3_000
const PAUSE = 100

/**
 * Repeats a write that happens at most once if the database fails, because the connection may have failed after the commit:
 * the code would be spent, and the client that retries would be refused. `write` returns false if its condition does not
 * hold. After a failure this may be due to an earlier attempt, so `isWritten` looks for its row.
 *
 * @throws StoreUnavailableError if the database cannot be used, or if it was so slow that the answer might come too late
 */
export async function repeatWrite(
  write: () => Promise<boolean>,
  isWritten: () => Promise<boolean>,
): Promise<boolean> {
  if (hasWaitedLong()) throw new StoreUnavailableError('The database is too slow', undefined)
  const startedAt = performance.now()
  for (let hasFailed = false; ; hasFailed = true) {
    try {
      if (await write()) return true
      return hasFailed && (await isWritten())
    } catch (error) {
      const isLate = performance.now() - startedAt > PATIENCE
      if (!(error instanceof StoreUnavailableError) || isLate) throw error
    }
    await sleep(PAUSE)
  }
}
