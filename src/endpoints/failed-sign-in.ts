import type { FailedPasswordAttempt } from '../users/check-password.ts'
import type { Exchange } from './endpoint.ts'

/** Says in the log and to listeners why nobody was signed in by name and password: never with what was typed. */
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
  const reason = user
    ? `wrong password for user ${user.user.id}, or signed out everywhere meanwhile`
    : 'no such user'
  settings.logger.log('warn', 'Sign-in failed', { requestId, address, reason })
  events.emit('sign-in.failed', { requestId, provider, address, sub, reason })
}
