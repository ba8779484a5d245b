import type { TargetName } from './targets.ts'

/** What a fuzzing process does. */
export type Job = FuzzJob | FloodJob

/** Sends mutated requests to one target. */
export interface FuzzJob {
  readonly target: TargetName
  readonly count: number
  readonly seed: number
}

/** Sends failures, then `count` more, each with a new user name and address. If `count` is large, the first fill all limits. */
export interface FloodJob {
  readonly target: 'flood'
  readonly count: number
  readonly seed: number
}

/** Bytes in use after garbage collection: by objects, and by the whole process. */
export interface Memory {
  readonly heap: number
  readonly resident: number
}

export interface Report {
  /** The first 20 problems, each with its request. */
  readonly failures: readonly string[]
  /** Responses by status: `none` for paths of no route, `accepted` if a guard accepted the token. */
  readonly statuses: Readonly<Record<string, number>>
  /** What responses granted, by kind. */
  readonly granted: Readonly<Record<string, number>>
  /** The longest response time in ms. */
  readonly slowest: number
  /** After a fifth of the requests (in a flood: after the first failures), and after all of them. */
  readonly memory: { readonly early: Memory; readonly late: Memory }
}

/** A message from a job's process: progress, and finally the report. */
export type JobMessage = { readonly done: number } | { readonly report: Report }
