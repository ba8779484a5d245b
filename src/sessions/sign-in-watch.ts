import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Session } from '../model/session.ts'

/** Logs the fix once if sessions are signed in again and again. */
export type SignInWatch = (session: Pick<Session, 'id' | 'provider'>) => void

/** More new sign-ins in a row than users complete in this time (ms). */
const MAX_SIGN_INS = 5
const PERIOD = 60_000

/**
 * Notices an app that returns the time of the request as that of the sign-in. Each visit would count as a new sign-in,
 * so that no revocation lasts.
 */
export function createSignInWatch({
  logger,
  clock,
}: {
  readonly logger: Logger
  readonly clock: Clock
}): SignInWatch {
  let streak = { id: '', count: 0, since: 0 }
  let isLogged = false
  return ({ id, provider }) => {
    const now = clock.now()
    const isSame = streak.id === id && now - streak.since < PERIOD
    streak = isSame ? { ...streak, count: streak.count + 1 } : { id, count: 1, since: now }
    if (isLogged || streak.count < MAX_SIGN_INS) return
    isLogged = true
    logger.log(
      'error',
      `appSession.current of ${provider} returns a new authenticatedAt for each request. Return when the user signed in`,
    )
  }
}
