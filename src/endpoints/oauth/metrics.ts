import { OAuthError } from '../../errors.ts'
import { isEqualInConstantTime, sha256 } from '../../lib/hash.ts'
import type { HttpResponse } from '../../lib/http.ts'
import type { Exchange } from '../endpoint.ts'

/** GET: returns the metrics of this process for Prometheus, to holders of a token of `metrics.token`. */
export async function metrics({ request, services }: Exchange): Promise<HttpResponse> {
  const { settings, telemetry } = services
  const [, token = ''] = /^bearer +(\S+)$/i.exec(request.header('authorization') ?? '') ?? []
  const hash = sha256(token)
  const isKnown = settings.metrics?.tokenHashes.some((known) => isEqualInConstantTime(known, hash))
  if (!isKnown || !telemetry.prometheus) {
    throw new OAuthError('invalid_token', 'The token is missing or incorrect', {
      status: 401,
      headers: { 'WWW-Authenticate': `Bearer realm="${settings.issuer}"` },
    })
  }
  const { contentType } = telemetry.prometheus
  return {
    status: 200,
    headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store' },
    body: await telemetry.prometheus.text(),
  }
}
