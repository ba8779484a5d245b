import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { runOutsideRequest } from '../lib/database-wait.ts'
import { atMost } from '../lib/lru.ts'
import type { UserRef } from '../model/subject.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { AuthorizationStore } from '../store/authorizations.ts'
import type { UserDirectory } from '../users/directory.ts'

/** The dependencies of the check. */
export interface OwnerCheckOptions {
  readonly authorizations: Pick<AuthorizationStore, 'find'>
  readonly userDirectory: Pick<UserDirectory, 'find'>
  readonly revoker: Pick<Revoker, 'revoke'>
  readonly subjectOf: (user: UserRef) => string
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Revokes the personal access tokens of users who were deleted or disabled without a call to the server. Other tokens stop
 * at their next refresh, but these have none and are valid for up to a year.
 */
export interface OwnerCheck {
  /** Called for each use of a token. Looks up its user in the background, at most once every 15 minutes. */
  check(authorizationId: string): void
  /** Looks up no further users. */
  close(): void
}

const INTERVAL = 900_000
/** After a failure. */
const RETRY_INTERVAL = 60_000
/** A token that is used so rarely that it drops out is looked up more often. */
const MAX_REMEMBERED = 20_000

export function startOwnerCheck(options: OwnerCheckOptions): OwnerCheck {
  const { clock, logger } = options
  const nextChecks = new LRUCache<string, number>(atMost(MAX_REMEMBERED))
  let isClosed = false
  let queue = Promise.resolve()
  const run = async (id: string): Promise<void> => {
    if (isClosed) return
    await revokeIfOwnerless(options, id).catch((cause: unknown) => {
      nextChecks.set(id, clock.now() + RETRY_INTERVAL)
      if (!isClosed)
        logger.log('warn', 'Cannot look up the user of a personal access token', { cause: String(cause) })
    })
  }
  return {
    check(id) {
      const now = clock.now()
      if ((nextChecks.get(id) ?? 0) > now) return
      nextChecks.set(id, now + INTERVAL)
      // One after the other: thousands of tokens must not ask the user provider in parallel.
      queue = runOutsideRequest(() => queue.then(() => run(id)))
    },
    close() {
      isClosed = true
    },
  }
}

async function revokeIfOwnerless(
  { authorizations, userDirectory, revoker, subjectOf, logger }: OwnerCheckOptions,
  id: string,
): Promise<void> {
  const authorization = await authorizations.find(id)
  if (!authorization || authorization.revokedAt !== null) return
  if (await userDirectory.find(authorization)) return
  const sub = subjectOf(authorization)
  await revoker.revoke({ kind: 'authorization', id, sub }, { by: 'server', reason: 'user_gone' })
  logger.log('info', 'Revoked a personal access token, because its user is gone', {
    sub,
    authorizationId: id,
  })
}
