import type { OAuthError } from '../errors.ts'
import type { FailedPasswordAttempt } from '../users/check-password.ts'
import type { Exchange } from './endpoint.ts'

/**
 * Logs a refused request and emits `request.refused`, without the parameters that were sent. A device that waits for its
 * user is logged at debug level only: it polls every five seconds.
 */
export function report(
  { request, path, requestId, address, auditFields, services }: Exchange,
  error: OAuthError,
): void {
  const { status, code, detail, cause } = error
  const { method } = request
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

/** Logs a failed sign-in with a password and emits its event, without what the user typed. */
export function reportFailedSignIn(
  { services, requestId, address }: Exchange,
  provider: string,
  outcome: FailedPasswordAttempt,
): void {
  const { events, settings, subjectOf } = services
  if (outcome.kind === 'blocked') {
    const { retryAfter } = outcome.blocked
    settings.logger.log('warn', 'Sign-in throttled', { requestId, address, retryAfter })
    events.emit('sign-in.throttled', { requestId, provider, address, retryAfter })
    return
  }
  const { user } = outcome
  const sub = user ? subjectOf(user.ref) : null
  const detail = user
    ? `wrong password for user ${user.user.id}, or signed out everywhere meanwhile`
    : 'no such user'
  settings.logger.log('warn', 'Sign-in failed', { requestId, address, reason: detail })
  const reason = user ? 'wrong_password' : 'unknown_user'
  events.emit('sign-in.failed', { requestId, provider, address, sub, reason })
}
