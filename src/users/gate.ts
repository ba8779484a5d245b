import { OAuthError } from '../errors.ts'

/** How much work a gate lets through. */
export interface GateLimits {
  /** Pieces of work that run at once. */
  readonly atOnce: number
  /** Pieces of work that may wait for their turn. */
  readonly waiting: number
}

/** Runs the work when its turn comes, first come, first served. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * Bounds how much expensive work runs at once, and how much of it waits.
 *
 * Work beyond that is refused at once with `temporarily_unavailable` and `Retry-After: 1`.
 */
export function createGate({ atOnce, waiting }: GateLimits): Gate {
  let running = 0
  const queue: (() => void)[] = []
  const enter = (): Promise<void> | undefined => {
    if (running < atOnce) return void running++
    if (queue.length >= waiting) throw tooBusy()
    return new Promise((resolve) => queue.push(resolve))
  }
  // A place that somebody waits for is handed over, never free in between: nobody can jump the queue.
  const leave = () => (queue.shift() ?? (() => running--))()
  return async (work) => {
    await enter()
    return work().finally(leave)
  }
}

const tooBusy = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'The server is busy; try again shortly', {
    detail: 'too many password checks are waiting',
    headers: { 'Retry-After': '1' },
  })
