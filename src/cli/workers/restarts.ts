import type { Child } from './child.ts'

/** Decides how long to wait before a worker is replaced. */
export interface Restarts {
  /** The number of starts in a row that failed. */
  readonly failedStarts: number
  /** Records that a worker exited, and returns the milliseconds to wait. */
  delayAfter(worker: Pick<Child, 'lifetime' | 'hasListened'>): number
  /** Records that a worker accepts requests. */
  succeed(): void
}

/** A worker that ran for less than this (ms) is replaced after a delay, because the next one may fail as well. */
const SHORT_LIFE = 10_000
const FIRST_DELAY = 500
const MAX_DELAY = 30_000

/** Replaces a worker immediately if it ran for a while. After short lives in a row, the delay doubles up to 30 seconds. */
export function createRestarts(): Restarts {
  let shortLives = 0
  let failedStarts = 0
  return {
    get failedStarts() {
      return failedStarts
    },
    delayAfter({ lifetime, hasListened }) {
      if (!hasListened) failedStarts += 1
      shortLives = lifetime < SHORT_LIFE ? shortLives + 1 : 0
      return shortLives === 0 ? 0 : Math.min(FIRST_DELAY * 2 ** (shortLives - 1), MAX_DELAY)
    },
    succeed() {
      failedStarts = 0
    },
  }
}
