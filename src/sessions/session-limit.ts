import { StoreUnavailableError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { UserRef } from '../model/subject.ts'
import type { Device, Devices } from './devices.ts'

/** Limits how many devices a user is signed in on: a new sign-in ends the oldest. */
export interface SessionLimit {
  /** Returns the time at which a new session of the user starts, later than that of each live session. */
  startTime(user: UserRef): Promise<number>
  /**
   * Ends the user's oldest sessions above the limit. Call it after a session was inserted. Of parallel sign-ins, the one
   * that is inserted last sees all others, and every node orders them alike, so exactly the newest ones remain. If the
   * database fails, the oldest remain until the next sign-in: the code of this one is spent, so it must not be refused.
   */
  enforce(user: UserRef, requestId: string): Promise<void>
}

/** What the limit needs. */
export interface SessionLimitOptions {
  /** Undefined for no limit. */
  readonly maxSessions: number | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly devices: Pick<Devices, 'list' | 'end'>
}

/** Creates the limit of one server. Without a maximum, it needs no queries. */
export function createSessionLimit(options: SessionLimitOptions): SessionLimit {
  const { maxSessions, clock, logger, devices } = options
  async function endOldest(user: UserRef, limit: number, requestId: string): Promise<void> {
    const newestFirst = (await devices.list(user)).toSorted(compareNewestFirst)
    for (const session of newestFirst.slice(limit)) await devices.end(session, 'max_sessions', requestId)
  }
  return {
    async startTime(user) {
      if (maxSessions === undefined) return clock.now()
      // A node whose clock is behind must not create a session that counts as older.
      const latest = (await devices.list(user)).map(({ createdAt }) => createdAt + 1)
      return Math.max(clock.now(), ...latest)
    },
    async enforce(user, requestId) {
      if (maxSessions === undefined) return
      try {
        await endOldest(user, maxSessions, requestId)
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error
        logger.log('warn', 'Sessions above maxSessions were not ended', { requestId, cause: error.message })
      }
    },
  }
}

const compareNewestFirst = (one: Device, other: Device): number =>
  other.createdAt - one.createdAt || (one.id < other.id ? -1 : 1)
