import { StoreUnavailableError } from '../errors.ts'
import { countDatabaseWait, runOutsideRequest } from './database-wait.ts'

/** A lazily started task: it runs on the first call, every caller shares the result, and a failure is retried. */
export interface Once<Value> {
  (): Promise<Value>
  /** The promise of the current run, or undefined if the task was never started or has failed. */
  current(): Promise<Value> | undefined
  /** The result, or undefined if the task has not succeeded yet. */
  result(): Value | undefined
}

/** Runs a task on the first call and returns the same promise to every caller. Runs it again only after a failure. */
export function once<Value>(task: () => Promise<Value>): Once<Value> {
  let running: Promise<Value> | undefined
  let result: Value | undefined
  const run = async (): Promise<Value> => {
    result = await task()
    return result
  }
  const start = (): Promise<Value> =>
    (running ??= runOutsideRequest(run).catch((cause: unknown) => {
      running = undefined
      throw cause
    }))
  return Object.assign(start, { current: () => running, result: () => result })
}

/**
 * Prevents a task from running concurrently: calls during a run share its result. In a request, wait for it with
 * `waitForShared`.
 */
export function singleFlight<Value>(task: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined
  return () =>
    (running ??= runOutsideRequest(task).finally(() => {
      running = undefined
    }))
}

/** The longest time (ms) that a timer can wait. */
const MAX_TIMER = 2 ** 31 - 1

/**
 * Waits for work that others share. In a request, it waits as for a call to the database: at most for the time that the
 * request has left. The work itself continues.
 *
 * @throws StoreUnavailableError if the request has no time left; whatever the work throws
 */
export const waitForShared = <Value>(work: Promise<Value>): Promise<Value> =>
  countDatabaseWait((left) =>
    left > MAX_TIMER ? work : withinTimeLimit(() => work, Math.max(left, 0), tooSlow),
  )

const tooSlow = (): StoreUnavailableError => new StoreUnavailableError('The database is too slow', undefined)

/** Waits for work. Rejects with `createError()` if it takes longer than `limit` milliseconds; the work itself continues. */
export async function withinTimeLimit<Value>(
  work: () => Promise<Value>,
  limit: number,
  createError: () => Error,
): Promise<Value> {
  const { promise: expiry, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(createError()), limit)
  try {
    return await Promise.race([work(), expiry])
  } finally {
    clearTimeout(timer)
  }
}
