import type { Duration } from '../lib/duration.ts'

/** How a node learns what other nodes revoke. */
export interface RevocationsConfig {
  /** How often the node reads revocations, and how long it caches a client. Default `'1s'`. */
  readonly pollInterval?: Duration
  /**
   * If the node could not read revocations for this long, its guards answer 503. Must be longer than `pollInterval`. Default
   * `'10s'`.
   */
  readonly maxStaleness?: Duration
  /**
   * Whether guards ask the store on each request, so that a sign-out on another node counts from the next request on. This
   * costs one query per request. `server.user({ strict: true })` does it for one route. Default: false.
   */
  readonly strict?: boolean
}
