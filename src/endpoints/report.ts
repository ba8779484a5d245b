import type { OAuthError } from '../errors.ts'
import type { Exchange } from './endpoint.ts'

/** Says in the log and to listeners why a request was refused: with the request id, never with what was sent. */
export function report(
  { incoming, requestId, address, involved, services }: Exchange,
  error: OAuthError,
): void {
  const { status, code, detail, cause } = error
  const { path, method } = incoming
  const { clientId = null, sub = null } = involved
  const stack = cause instanceof Error ? cause.stack : undefined
  const level = status >= 500 ? 'error' : 'warn'
  services.settings.logger.log(level, 'Request refused', {
    requestId,
    method,
    path,
    address,
    status,
    code,
    detail,
    stack,
  })
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
