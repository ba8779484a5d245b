import type { PurgeStepSize } from '../store/purge.ts'

/** Chooses the size of the batches of a purge, and the pauses between them. */
export interface PurgePace {
  batchSize(): number
  /** Returns how long (ms) to pause after a batch. */
  pauseAfter(batch: PurgeBatch): number
}

/** What a batch says about the pace. */
export interface PurgeBatch {
  /** How long (ms) the database worked on it. The wait for the event loop of a busy server is no part of it. */
  readonly duration: number
  /** The share of time, from 0 to 1, in which requests kept the server busy meanwhile. */
  readonly load: number
  /** How long ago (ms) the last of its rows could have been deleted. */
  readonly delay: number
}

/** Rows. */
const LARGEST_BATCH = 512

/**
 * How much longer than a batch the pause after it is, to leave most of the database's time to requests: on a server that
 * is idle, and on one that is always busy. A purge that is far behind pauses as on an idle one, because a quiet hour may never
 * come.
 */
const PAUSE_FACTOR = { idle: 4, busy: 20 } as const

const HOUR = 3_600_000

/**
 * Milliseconds. An hourly purge finds rows of the last hour. Rows that are older show that it doesn't keep up: its pauses get
 * shorter with their age, and are shortest after three hours.
 */
const DELAY = { usual: 1.5 * HOUR, most: 3 * HOUR } as const

/** Milliseconds. The longest lets a purge proceed on a busy machine too. */
const PAUSE = { least: 5, most: 200 } as const

/** Batches grow and shrink to take `time`. */
export function createPurgePace({ time, least }: PurgeStepSize): PurgePace {
  let size = least
  return {
    batchSize: () => Math.round(size),
    pauseAfter({ duration, load, delay }) {
      const change = between(0.5, time / duration, 2)
      size = between(least, size * change, LARGEST_BATCH)
      const behind = between(0, (delay - DELAY.usual) / (DELAY.most - DELAY.usual), 1)
      const { idle, busy } = PAUSE_FACTOR
      const factor = idle + (busy - idle) * load * (1 - behind)
      return between(PAUSE.least, factor * duration, PAUSE.most)
    },
  }
}

const between = (least: number, value: number, most: number): number => Math.min(most, Math.max(least, value))
