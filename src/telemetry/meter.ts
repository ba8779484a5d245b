import type { Counter, Histogram, MeterProvider } from '@opentelemetry/api'
import { DURATION_BUCKETS, METRICS, type Metric, type MetricName, type MetricRecorder } from './metrics.ts'
import { importApi } from './tracing.ts'

type Instrument = (value: number, labels: Readonly<Record<string, string>>) => void

/** Records metrics in the SDK that the app has registered. Returns undefined if `@opentelemetry/api` is not installed. */
export async function loadMeter(): Promise<MetricRecorder | undefined> {
  const api = await importApi()
  if (!api) return undefined
  let provider: MeterProvider | undefined
  let instruments = new Map<MetricName, Instrument>()
  return {
    record(name, labels, value = 1) {
      const current = api.metrics.getMeterProvider()
      // An SDK may be registered after the server has started.
      if (current !== provider) instruments = createInstruments(current)
      provider = current
      instruments.get(name)?.(value, labels)
    },
  }
}

function createInstruments(provider: MeterProvider): Map<MetricName, Instrument> {
  const meter = provider.getMeter('consulate')
  const create = (metric: Metric): Instrument => {
    const { help: description, kind } = metric
    if (kind === 'counter') {
      const counter: Counter = meter.createCounter(nameOf(metric), { description })
      return (value, labels) => counter.add(value, labels)
    }
    const advice = { explicitBucketBoundaries: DURATION_BUCKETS }
    const histogram: Histogram = meter.createHistogram(nameOf(metric), { description, unit: 's', advice })
    return (value, labels) => histogram.record(value, labels)
  }
  return new Map(Object.entries(METRICS).map(([name, metric]) => [name as MetricName, create(metric)]))
}

/** `consulate_sign_ins_total` is `consulate.sign_ins`: in OpenTelemetry, units and totals are not part of names. */
const nameOf = ({ name }: Metric): string =>
  name.replace(/_(total|seconds)$/, '').replace('consulate_', 'consulate.')
