import type { Broadcast } from '../broadcast/broadcast.ts'
import type { Clock } from '../lib/clock.ts'
import type { Duration } from '../lib/duration.ts'
import type { Logger } from '../lib/log.ts'
import type { AuditConfig } from './audit.ts'
import type { MetricsConfig } from './metrics.ts'
import type { RevocationsConfig } from './revocations.ts'
import type { ThrottleConfig } from './throttle.ts'
import type { WebhooksConfig } from './webhooks.ts'

/** The options that say how a server runs: its proxies and nodes, and what it limits, records and deletes. All are optional. */
export interface OperationConfig {
  /**
   * The proxies whose `X-Forwarded-For` header is trusted: addresses or CIDR ranges, such as `'10.0.0.0/8'`. Without them,
   * behind a proxy, all users share the failure limit of its address. Default: none.
   */
  readonly trustedProxies?: readonly string[]
  /** Limits on failures such as wrong passwords, secrets and codes. */
  readonly throttle?: ThrottleConfig
  /** How this node learns what other nodes revoke. */
  readonly revocations?: RevocationsConfig
  /**
   * Carries messages between the nodes, so that a sign-out takes effect on all of them within milliseconds:
   * `redis('redis://…')` from `consulate/redis`. Without it, and while it is unreachable, nodes poll the store.
   * Default: none.
   */
  readonly broadcast?: Broadcast | undefined
  /** How many verified tokens a guard caches, at about 2 kB each. Default 20,000. */
  readonly guardCacheSize?: number
  /**
   * `'on-start'`: the server creates and updates its tables when it starts. `'manual'`: it refuses to start if a migration is
   * pending; run `consulate migrate` first. Default `'on-start'`.
   */
  readonly migrations?: 'on-start' | 'manual'
  /**
   * What the audit log records and for how long, for `consulate audit`, `consulate explain` and `server.audit`. `'off'`
   * records nothing. Default `{ keep: '7d' }`, with all events that are not too frequent.
   */
  readonly audit?: AuditConfig | 'off'
  /**
   * How often the server deletes rows that expired or were revoked more than a week ago: at most every 10 days, or
   * `'manual'`: never; run `consulate purge` or call `server.purge()`. Default `{ every: '1h' }`.
   */
  readonly purge?: { readonly every?: Duration } | 'manual'
  /**
   * The endpoints that receive events as signed HTTP requests: `{ endpoints: [{ id: 'crm', url, secret }] }`. Default: none.
   */
  readonly webhooks?: WebhooksConfig | undefined
  /**
   * Metrics for Prometheus: `{}`, or `{ token }` for the endpoint `/oauth/metrics`. Needs the package `prom-client`.
   * Default: off.
   */
  readonly metrics?: MetricsConfig | undefined
  /** Where log lines go. Default: `jsonLogger()`, JSON lines on standard error. */
  readonly logger?: Logger
  /** The clock, for tests. Default: the system clock. */
  readonly clock?: Clock
}
