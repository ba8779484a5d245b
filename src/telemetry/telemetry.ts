import type { Events } from '../events.ts'
import type { HttpResponse } from '../lib/http.ts'
import type { Auth } from '../guard/auth.ts'
import { isRefusal, type Refusal } from '../guard/refusal.ts'
import { loadMeter } from './meter.ts'
import type { MetricRecorder } from './metrics.ts'
import { createPrometheusMetrics, type GaugeSources, type PrometheusMetrics } from './prometheus.ts'
import { recordEvents } from './record-events.ts'
import { failureOf, type ObserveCall } from './store.ts'
import { loadTracing, type Tracing } from './tracing.ts'

/** What a server reports about itself. Members are undefined if nothing needs them, so that they cost nothing. */
export interface Telemetry {
  readonly prometheus: PrometheusMetrics | undefined
  /** Handles a request to an endpoint. */
  readonly observeRequest:
    | ((request: ObservedRequest, handle: () => Promise<HttpResponse>) => Promise<HttpResponse>)
    | undefined
  readonly observeCall: ObserveCall | undefined
  /** Verifies a token that a guard does not know yet. */
  readonly observeVerification: (<Result>(verify: () => Promise<Result>) => Promise<Result>) | undefined
  /** Called for each result of a guard. */
  readonly countCheck: ((result: Auth | Refusal) => void) | undefined
}

/** A request to an endpoint. The ID is the `X-Request-Id` of the response. */
export interface ObservedRequest {
  readonly endpoint: { readonly name: string; readonly path: string; readonly methods: object }
  readonly method: string
  readonly requestId: string
}

export interface TelemetryOptions extends GaugeSources {
  readonly events: Pick<Events, 'on'>
  readonly hasPrometheus: boolean
  /** The kind of database, as OpenTelemetry names it. */
  readonly database: 'sqlite' | 'other_sql'
}

/**
 * Opens what the server reports about itself: metrics for Prometheus if they are on, spans and metrics for OpenTelemetry if
 * `@opentelemetry/api` is installed.
 *
 * @throws ConfigError if Prometheus is on and the package `prom-client` is missing
 */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const prometheus = options.hasPrometheus ? await createPrometheusMetrics(options) : undefined
  const [tracing, meter] = [await loadTracing(), await loadMeter()]
  const recorders = [prometheus, meter].filter((recorder) => recorder !== undefined)
  const recorder: MetricRecorder = {
    record: (name, labels, value) => {
      for (const each of recorders) each.record(name, labels, value)
    },
  }
  const isOn = recorders.length > 0
  if (isOn) recordEvents(options.events, recorder)
  return {
    prometheus,
    observeRequest: isOn ? requestObserver(recorder, tracing) : undefined,
    observeCall: isOn ? callObserver(recorder, tracing, options.database) : undefined,
    observeVerification:
      tracing &&
      ((verify) => tracing.span({ name: 'guard verify', kind: 'INTERNAL', attributes: {} }, verify)),
    // Only for Prometheus, which the app has asked for: this runs for each request to its API.
    countCheck:
      prometheus &&
      ((result) =>
        prometheus.record('guardChecks', { result: isRefusal(result) ? result.body.error : 'accepted' })),
  }
}

const NO_TRACING: Tracing = { span: (_, run) => run() }

const requestObserver =
  (recorder: MetricRecorder, { span }: Tracing = NO_TRACING): Telemetry['observeRequest'] =>
  async ({ endpoint, method: given, requestId }, handle) => {
    const startedAt = performance.now()
    const method = methodOf(endpoint, given)
    const attributes = {
      'http.request.method': method,
      'http.route': endpoint.path,
      'consulate.request_id': requestId,
    }
    const describe = ({ status }: HttpResponse) => ({
      'http.response.status_code': status,
      ...(status >= 500 && { 'error.type': String(status) }),
    })
    const options = { name: `${method} ${endpoint.path}`, kind: 'INTERNAL', attributes, describe } as const
    const response = await span(options, handle)
    const route = endpoint.name
    recorder.record('requests', { route, status: String(response.status) })
    recorder.record('requestDuration', { route }, (performance.now() - startedAt) / 1000)
    return response
  }

/** Clients can send any method. */
const methodOf = ({ methods }: ObservedRequest['endpoint'], method: string): string =>
  method in methods || method === 'HEAD' || method === 'OPTIONS' ? method : '_OTHER'

const callObserver =
  (
    recorder: MetricRecorder,
    { span }: Tracing = NO_TRACING,
    database: TelemetryOptions['database'],
  ): ObserveCall =>
  async (operation, run) => {
    const attributes = { 'db.system.name': database, 'db.operation.name': operation }
    try {
      return await span({ name: operation, kind: 'CLIENT', attributes }, run)
    } catch (error) {
      recorder.record('databaseErrors', { kind: failureOf(error) })
      throw error
    }
  }
