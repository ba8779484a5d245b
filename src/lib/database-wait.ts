import { AsyncLocalStorage } from 'node:async_hooks'

/** How long a request has waited for the database. */
interface Wait {
  /** How long (ms) it may wait, over all of its calls. */
  readonly limit: number
  /** How long (ms) it has waited, without the calls that are running. */
  waited: number
  /** The number of calls that are running, and since when there are any. */
  running: number
  since: number
  /** Timers that the request has started must not share its limit. */
  isOver: boolean
}

const waits = new AsyncLocalStorage<Wait | undefined>()

/** Limits how long (ms) `work` waits for the database, over all of its calls. What else it waits for does not count. */
export async function limitDatabaseWait<Result>(limit: number, work: () => Promise<Result>): Promise<Result> {
  const wait: Wait = { limit, waited: 0, running: 0, since: 0, isOver: false }
  try {
    return await waits.run(wait, work)
  } finally {
    wait.isOver = true
  }
}

/**
 * Runs work that does not belong to the request that happens to start it: others wait for it too, or nobody does. Its calls
 * have only their own limits, and use up no time of the request.
 */
export const runOutsideRequest = <Result>(work: () => Result): Result =>
  waits.getStore() === undefined ? work() : waits.run(undefined, work)

const currentWait = (): Wait | undefined => {
  const wait = waits.getStore()
  return wait?.isOver === false ? wait : undefined
}

const timeLeft = ({ limit, waited, running, since }: Wait): number =>
  limit - waited - (running > 0 ? performance.now() - since : 0)

/** Runs a call to the database, and counts its time. `call` receives how long (ms) it may take; Infinity outside of requests. */
export async function countDatabaseWait<Result>(call: (limit: number) => Promise<Result>): Promise<Result> {
  const wait = currentWait()
  if (!wait) return call(Number.POSITIVE_INFINITY)
  const left = timeLeft(wait)
  if (wait.running === 0) wait.since = performance.now()
  wait.running += 1
  try {
    return await call(left)
  } finally {
    wait.running -= 1
    if (wait.running === 0) wait.waited += performance.now() - wait.since
  }
}

/** Returns whether a request has used up more than half of the time that it may wait for the database. */
export function hasWaitedLong(): boolean {
  const wait = currentWait()
  return wait !== undefined && timeLeft(wait) < wait.limit / 2
}
