import { platform } from './platform.ts'
import { sleep, startTimeLimit } from './wait.ts'

/**
 * Milliseconds to keep the lock after the task. Changes of `localStorage` reach other tabs with a delay, so the next tab
 * could otherwise get the lock and still see the old tokens.
 */
const SETTLE_TIME = 250

/**
 * Runs a task in one tab at a time (Web Locks). Without locks, or if another tab holds the lock for too long, it runs
 * without: two refreshes with one token both succeed within the server's grace window.
 */
export function withLock<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
  const locks = platform.navigator?.locks
  if (!locks) return task()
  const limit = startTimeLimit()
  return new Promise((resolve) => {
    const run = async (): Promise<void> => {
      limit.stop()
      const result = task()
      resolve(result)
      // The caller handles the error.
      await result.catch(() => undefined)
    }
    const hold = async (): Promise<void> => {
      await run()
      await sleep(SETTLE_TIME)
    }
    locks.request(name, { signal: limit.signal }, hold).catch(run)
  })
}
