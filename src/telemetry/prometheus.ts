import type * as Client from 'prom-client'
import { ConfigError } from '../errors.ts'
import { DURATION_BUCKETS, METRICS, type Metric, type MetricName, type MetricRecorder } from './metrics.ts'

/** The metrics of one server for Prometheus. */
export interface PrometheusMetrics extends MetricRecorder {
  readonly contentType: string
  /** Returns all metrics in the text format of Prometheus. */
  text(): Promise<string>
}

/** What the gauges read. */
export interface GaugeSources {
  /** Milliseconds since the last successful poll of the revocations started. */
  readonly feedAge: () => number
  readonly feedSize: () => number
}

type Instrument = Client.Counter | Client.Histogram

/**
 * Creates the metrics in a registry of their own.
 *
 * @throws ConfigError if the package `prom-client` is missing
 */
export async function createPrometheusMetrics({
  feedAge,
  feedSize,
}: GaugeSources): Promise<PrometheusMetrics> {
  const { Counter, Gauge, Histogram, Registry } = await importClient()
  const registry = new Registry()
  const registers = [registry]
  const create = ({ name, help, kind, labels }: Metric): Instrument => {
    const options = { name, help, labelNames: labels, registers }
    return kind === 'counter'
      ? new Counter(options)
      : new Histogram({ ...options, buckets: DURATION_BUCKETS })
  }
  const instruments = new Map<MetricName, Instrument>(
    Object.entries(METRICS).map(([name, metric]) => [name as MetricName, create(metric)]),
  )
  const gauge = (name: string, help: string, read: () => number): unknown =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('consulate_revocation_feed_age_seconds', 'Age of the revocations that this node knows.', () =>
    Math.max(0, feedAge() / 1000),
  )
  gauge('consulate_revocation_entries', 'Revocations that this node keeps in memory.', feedSize)
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    record(name, labels, value = 1) {
      const instrument = instruments.get(name)
      if (instrument instanceof Histogram) instrument.observe(labels, value)
      else instrument?.inc(labels, value)
    },
  }
}

async function importClient(): Promise<typeof Client> {
  try {
    return await import('prom-client')
  } catch {
    throw new ConfigError([
      { path: 'metrics', message: 'needs the package prom-client. Run `npm install prom-client`' },
    ])
  }
}
