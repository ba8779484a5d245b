/** A metric. Its labels have few values, and never one that a client can choose. */
export interface Metric {
  /** The name for Prometheus. */
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'histogram'
  readonly labels: readonly string[]
}

/** Metrics of what happens. Prometheus also gets the gauges of `prometheus.ts`. */
export const METRICS = {
  requests: {
    name: 'consulate_requests_total',
    help: 'Requests to the endpoints, by route and HTTP status.',
    kind: 'counter',
    labels: ['route', 'status'],
  },
  requestDuration: {
    name: 'consulate_request_duration_seconds',
    help: 'How long requests to the endpoints took.',
    kind: 'histogram',
    labels: ['route'],
  },
  refusals: {
    name: 'consulate_refusals_total',
    help: 'Error responses of the endpoints, by error code.',
    kind: 'counter',
    labels: ['code'],
  },
  tokens: {
    name: 'consulate_tokens_issued_total',
    help: 'Access tokens issued, by grant type.',
    kind: 'counter',
    labels: ['grant_type'],
  },
  refreshes: {
    name: 'consulate_refreshes_total',
    help: 'Refreshes. Repeated ones are retries within the grace window.',
    kind: 'counter',
    labels: ['repeated'],
  },
  signIns: {
    name: 'consulate_sign_ins_total',
    help: 'Sessions started.',
    kind: 'counter',
    labels: [],
  },
  signInFailures: {
    name: 'consulate_sign_in_failures_total',
    help: 'Failed sign-ins, by reason: unknown_user, wrong_password or throttled.',
    kind: 'counter',
    labels: ['reason'],
  },
  consents: {
    name: 'consulate_consents_total',
    help: 'Answers of users who were asked to allow a client.',
    kind: 'counter',
    labels: ['answer'],
  },
  revocations: {
    name: 'consulate_revocations_total',
    help: 'Revocations by this node, by kind and reason.',
    kind: 'counter',
    labels: ['kind', 'reason'],
  },
  replays: {
    name: 'consulate_replays_total',
    help: 'Codes and refresh tokens that were used again.',
    kind: 'counter',
    labels: ['credential'],
  },
  clientChanges: {
    name: 'consulate_client_changes_total',
    help: 'Changes of clients.',
    kind: 'counter',
    labels: ['change'],
  },
  guardChecks: {
    name: 'consulate_guard_checks_total',
    help: 'Requests that guards have checked: accepted, or the error code of the refusal.',
    kind: 'counter',
    labels: ['result'],
  },
  purgedRows: {
    name: 'consulate_purged_rows_total',
    help: 'Rows that purges have deleted, by kind.',
    kind: 'counter',
    labels: ['kind'],
  },
  databaseErrors: {
    name: 'consulate_database_errors_total',
    help: 'Failed calls of the store: unavailable if the database cannot be used, or other.',
    kind: 'counter',
    labels: ['kind'],
  },
} as const satisfies Readonly<Record<string, Metric>>

export type MetricName = keyof typeof METRICS

/** The values of a metric's labels. */
export type Labels<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]['labels'][number], string>
>

/** Records metrics. Never throws. */
export interface MetricRecorder {
  /** Adds to a counter, or observes a value in a histogram. */
  record<Name extends MetricName>(name: Name, labels: Labels<Name>, value?: number): void
}

/** In seconds. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
