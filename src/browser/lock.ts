import { platform } from './platform.ts'
import { startTimeLimit } from './wait.ts'

/**
 * Runs a task in one tab at a time (Web Locks). Without locks, or if another tab holds the lock for too long, it runs
 * without: two refreshes with one token both succeed within the server's grace window.
 */
export async function withLock<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
  const locks = platform.navigator?.locks
  if (!locks) return task()
  const limit = startTimeLimit()
  let isHeld = false
  try {
    return await locks.request(name, { signal: limit.signal }, () => {
      isHeld = true
      limit.stop()
      return task()
    })
  } catch (error) {
    if (isHeld) throw error
    return await task()
  } finally {
    limit.stop()
  }
}
