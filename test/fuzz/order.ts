import type { TargetName } from './targets.ts'

/** What a run is told. */
export type Order = CampaignOrder | FloodOrder

/** Mutated requests at one target. */
export interface CampaignOrder {
  readonly target: TargetName
  /** How many requests. */
  readonly count: number
  readonly seed: number
}

/** As many more failures, each of somebody else at another address, as are counted after memory was full of them. */
export interface FloodOrder {
  readonly target: 'flood'
  readonly count: number
  readonly seed: number
}

/** Bytes in use once everything that can be collected is: by objects, and by the whole process. */
export interface Memory {
  readonly heap: number
  readonly resident: number
}

/** What it found. */
export interface Report {
  /** What must not be, with the request that did it; the first twenty. */
  readonly failures: readonly string[]
  /** How often each status came; `none` where the path was not the server's, `granted` where a guard let in. */
  readonly statuses: Readonly<Record<string, number>>
  /** How often something was given, each time to a request that held the proof. */
  readonly given: Readonly<Record<string, number>>
  /** The longest that an answer took (ms). */
  readonly slowest: number
  /** After a fifth of the requests, or once a flood has filled it; and after all. */
  readonly memory: { readonly early: Memory; readonly late: Memory }
}

/** What a run says: how far it is, and in the end its report. */
export type Saying = { readonly done: number } | { readonly report: Report }
