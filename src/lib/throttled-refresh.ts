import { waitForShared } from './async.ts'
import { runOutsideRequest } from './database-wait.ts'

/** The maximum number of requests that wait for the next load. */
const MAX_WAITING = 100

/**
 * Limits how often tokens with unknown keys can make us load the keys. Returns whether the load succeeded.
 *
 * Calls within the interval (ms) wait for its end and share one load. So a token of a new key is never rejected, and a flood
 * of tokens with made-up keys does not reach the source of the keys. After a failed load, calls fail immediately instead of
 * waiting. So do requests that have no time left.
 */
export function createThrottledRefresh(load: () => Promise<void>, interval: number): () => Promise<boolean> {
  let next: Promise<boolean> | undefined
  let hasFailed = false
  let notBefore = Number.NEGATIVE_INFINITY
  let waiting = 0

  async function loadInTime(): Promise<boolean> {
    const wait = notBefore - performance.now()
    if (wait > 0) await sleep(wait)
    notBefore = performance.now() + interval
    hasFailed = await load().then(
      () => false,
      () => true,
    )
    next = undefined
    return !hasFailed
  }

  return async () => {
    const isThrottled = !next && performance.now() < notBefore
    if ((hasFailed && isThrottled) || waiting >= MAX_WAITING) return false
    waiting += 1
    try {
      return await waitForShared((next ??= runOutsideRequest(loadInTime))).catch(() => false)
    } finally {
      waiting -= 1
    }
  }
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref()
  })
