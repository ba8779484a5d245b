import { sha256 } from '../lib/hash.ts'
import type { Validator } from '../lib/validator.ts'

/** Metrics for Prometheus. */
export interface MetricsConfig {
  /**
   * The bearer token, or several, with which Prometheus may read `/oauth/metrics`: at least 20 letters, digits and `-._~+/`
   * each. Default: there is no such endpoint, and your app serves `server.metrics.text()` itself.
   */
  readonly token?: string | readonly string[]
}

/** The checked option `metrics`. */
export interface MetricsSettings {
  /** SHA-256 of each token. Without any, there is no endpoint. */
  readonly tokenHashes: readonly string[]
}

/** As RFC 6750 section 2.1 allows in a header. */
const TOKEN = /^[\w.~+/-]{20,}=*$/

export function resolveMetrics(
  config: MetricsConfig | undefined,
  validator: Validator,
): MetricsSettings | undefined {
  if (config === undefined) return undefined
  validator.knownOptions('metrics', config, { token: true })
  const tokens: readonly unknown[] = [config.token ?? []].flat()
  if (tokens.some((token) => typeof token !== 'string' || !TOKEN.test(token)))
    validator.problem('metrics.token', 'must have at least 20 letters, digits and -._~+/')
  return { tokenHashes: tokens.map((token) => sha256(String(token))) }
}
