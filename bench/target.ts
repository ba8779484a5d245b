/** The kinds of requests that a target prepares and answers. */
export type Scenario =
  | 'client-credentials'
  | 'refresh'
  | 'code'
  | 'device'
  | 'password'
  | 'implicit'
  | 'guard'
  | 'personal'
  | 'introspect'
  | 'revoke'

/** A request for the target that prepared it. */
export interface PreparedRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  /** Without Host and Content-Length, which the load generator adds. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The expected status. Default 200. */
  readonly expects?: number
}

/** A measured program, listening on 127.0.0.1. */
export interface Target {
  readonly port: number
  /** Signature algorithm and storage, for the table. README.md describes the floors. */
  readonly terms?: string
  /**
   * Prepares `count` valid requests. Each has its own refresh token (`refresh`), code (`code`, `device`), access token
   * (`guard`, `personal`) or user (`password`). Not measured.
   */
  prepare(scenario: Scenario, count: number): Promise<readonly PreparedRequest[]>
  /**
   * Starts another node on the same database in the same process, while the first one keeps responding. Returns the
   * duration (ms).
   */
  startAgain?(): Promise<number>
  /** Closes everything and deletes its files. */
  stop(): Promise<void>
}

/** The `start` export of a file in `floors/` or `targets/`. */
export type Start = () => Promise<Target>

/** A message from the bench to a target's process, one at a time. */
export type Question =
  | { readonly prepare: { readonly scenario: Scenario; readonly count: number } }
  | { readonly cpu: true }
  | { readonly startAgain: true }
  | { readonly stop: true }

/** A reply of a target's process. `ready` or `failed` is sent once at startup. */
export type Answer =
  | { readonly ready: { readonly port: number; readonly terms: string } }
  | { readonly requests: readonly PreparedRequest[] }
  /** CPU time of all threads so far, user and system, in microseconds. */
  | { readonly cpu: number }
  /** The duration of the start in milliseconds. */
  | { readonly started: number }
  | { readonly stopped: true }
  | { readonly failed: string; readonly isNotInstalled: boolean }
