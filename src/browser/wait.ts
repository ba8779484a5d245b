import { AuthError, isTemporary } from './error.ts'

/** Seconds after which a request, or the wait for a lock, is aborted. */
const TIME_LIMIT = 10

/** Milliseconds before the second and the third attempt. */
const DELAYS = [300, 1_000]

/** Seconds. With a longer `Retry-After`, the caller decides. */
const LONGEST_DELAY = 5

/** A signal that aborts after the time limit. */
export interface TimeLimit {
  readonly signal: AbortSignal
  stop(): void
}

/**
 * Starts a time limit. It counts seconds instead of setting one timer: when a suspended device resumes, an overdue timer
 * would otherwise abort a request whose response has already arrived.
 */
export function startTimeLimit(): TimeLimit {
  const controller = new AbortController()
  let seconds = 0
  const timer = setInterval(() => {
    seconds += 1
    if (seconds >= TIME_LIMIT) controller.abort()
  }, 1_000)
  return { signal: controller.signal, stop: () => clearInterval(timer) }
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Settles as a promise does, or rejects with the reason of a signal as soon as it aborts. */
export const untilAborted = <Result>(
  promise: Promise<Result>,
  signal: AbortSignal | null | undefined,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal?.reason as Error)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    void promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort))
  })

/** Runs a task up to three times while its errors are temporary. Respects a short `Retry-After`. */
export async function withRetries<Result>(task: () => Promise<Result>): Promise<Result> {
  for (const delay of DELAYS) {
    try {
      return await task()
    } catch (error) {
      const after = (error instanceof AuthError && error.retryAfter) || 0
      if (!isTemporary(error) || after > LONGEST_DELAY) throw error
      // Partly random, so that the clients of a restarted server don't all return at the same moment.
      await sleep(after * 1_000 + delay * (0.5 + Math.random()))
    }
  }
  return task()
}
