import type { OAuthError } from '../errors.ts'
import type { Exchange } from './endpoint.ts'

/**
 * Says in the log and to listeners why a request was refused: with the request id, never with what was sent. That a
 * device waits for its person is no refusal: it would be said every five seconds.
 */
export function report(
  { request, requestId, address, auditFields, services }: Exchange,
  error: OAuthError,
): void {
  const { status, code, detail, cause } = error
  const { path, method } = request
  const { clientId = null, sub = null } = auditFields
  const stack = cause instanceof Error ? cause.stack : undefined
  const isWaiting = code === 'authorization_pending'
  const level = isWaiting ? 'debug' : status >= 500 ? 'error' : 'warn'
  services.settings.logger.log(level, isWaiting ? 'Device waits' : 'Request refused', {
    requestId,
    method,
    path,
    address,
    status,
    code,
    detail,
    stack,
  })
  if (isWaiting) return
  services.events.emit('request.refused', {
    requestId,
    path,
    address,
    clientId,
    sub,
    status,
    code,
    detail,
  })
}
