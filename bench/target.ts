/** What a target is asked to do: which requests it prepares, and answers. */
export type Scenario =
  | 'client-credentials'
  | 'refresh'
  | 'code'
  | 'device'
  | 'password'
  | 'implicit'
  | 'guard'
  | 'personal'

/** One request, ready to be sent to the target that prepared it. */
export interface PreparedRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query, as in the request line. */
  readonly path: string
  /** Without Host and Content-Length, which the load generator writes. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The status of the right answer; default 200. */
  readonly expects?: number
}

/** A program under measurement, listening on 127.0.0.1. */
export interface Target {
  readonly port: number
  /** Signature algorithm and storage in a few words, for the table; README.md says it of the floors. */
  readonly terms?: string
  /**
   * `count` requests that the target will answer as they expect. Each has something of its own: a refresh token for
   * `refresh`, a code for `code` and `device`, an access token for `guard` and `personal`, a person for `password`. Its
   * cost is not measured.
   */
  prepare(scenario: Scenario, count: number): Promise<readonly PreparedRequest[]>
  /**
   * Starts another node on the same database, in the same process; how long that took (ms). While it starts, the first
   * one goes on answering.
   */
  startAgain?(): Promise<number>
  /** Closes what is open and deletes what was written. */
  stop(): Promise<void>
}

/** What a file in `floors/` or `targets/` exports under the name `start`. */
export type Start = () => Promise<Target>

/** What the bench asks of a target's process, one question at a time. */
export type Question =
  | { readonly prepare: { readonly scenario: Scenario; readonly count: number } }
  | { readonly cpu: true }
  | { readonly startAgain: true }
  | { readonly stop: true }

/** What a target's process answers; `ready` or `failed` comes unasked, once, at the start. */
export type Answer =
  | { readonly ready: { readonly port: number; readonly terms: string } }
  | { readonly requests: readonly PreparedRequest[] }
  /** The CPU time used so far by all threads of the process, user and system, in microseconds. */
  | { readonly cpu: number }
  /** How long the start took, in milliseconds. */
  | { readonly started: number }
  | { readonly stopped: true }
  | { readonly failed: string; readonly isNotInstalled: boolean }
