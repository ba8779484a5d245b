import { setTimeout as sleep } from 'node:timers/promises'

/** Unknown keys in tokens cost the issuer no more than a request in this time (ms). */
const INTERVAL = 3_000
/** How many requests wait for the next look. */
const MOST_WAITING = 100

/**
 * Looks for a key that nobody knows yet: whether it can be told afterwards that there is none. A look that comes too
 * early waits for its time, and all who wait share it, so that an honest token of a key that was just put in use is
 * never called invalid, and a flood of invented ones reaches nobody. While looking fails, nobody waits.
 */
export function createKeySearch(load: () => Promise<void>): () => Promise<boolean> {
  let next: Promise<boolean> | undefined
  let hasFailed = false
  let notBefore = 0
  let waiting = 0

  async function look(): Promise<boolean> {
    await sleep(Math.max(0, notBefore - performance.now()), undefined, { ref: false })
    notBefore = performance.now() + INTERVAL
    hasFailed = await load().then(
      () => false,
      () => true,
    )
    next = undefined
    return !hasFailed
  }

  return async () => {
    const isEarly = !next && performance.now() < notBefore
    if ((hasFailed && isEarly) || waiting >= MOST_WAITING) return false
    waiting += 1
    try {
      return await (next ??= look())
    } finally {
      waiting -= 1
    }
  }
}
