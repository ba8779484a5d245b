import type { Services } from '../endpoints/services.ts'
import { ConfigError } from '../errors.ts'

/** Reads the metrics of this process. */
export interface MetricsAdministration {
  /**
   * Returns the metrics of this process in the text format of Prometheus, for a route of your own. Send it with the type
   * `text/plain; version=0.0.4`, and do not make it public.
   *
   * @throws ConfigError if `metrics` is not configured
   */
  text(): Promise<string>
}

export const metricsAdministration = (start: () => Promise<Services>): MetricsAdministration => ({
  async text() {
    const { telemetry } = await start()
    if (telemetry.prometheus) return telemetry.prometheus.text()
    throw new ConfigError([
      { path: 'metrics', message: 'is not configured. Write metrics: {} to turn them on' },
    ])
  },
})
