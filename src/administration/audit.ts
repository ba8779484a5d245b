import type { Services } from '../endpoints/services.ts'
import { ConfigError } from '../errors.ts'
import type { AuditCursor, AuditedEvent, AuditEntry, AuditRecord } from '../store/audit.ts'
import { toUserRef, type UserLike } from './user.ts'

/** Which entries of the audit log to list. All conditions must hold. */
export interface AuditQuery {
  /** Entries from this time on; a number is in milliseconds since 1970. */
  readonly since?: Date | number
  /** Entries before this time; a number is in milliseconds since 1970. */
  readonly until?: Date | number
  readonly user?: UserLike
  readonly clientId?: string
  readonly event?: AuditedEvent
  /** The exact IP address. */
  readonly address?: string
  readonly requestId?: string
  /** Default 100. */
  readonly limit?: number
  /** The last entry of the previous page. */
  readonly after?: AuditCursor
}

/** Reads the audit log. */
export interface AuditAdministration {
  /**
   * Explains a request by the `X-Request-Id` of its response: why it was refused, and what it changed and revoked. Returns
   * an empty array if nothing was recorded or its entries have expired (`audit.keep`, 7 days).
   */
  find(requestId: string): Promise<readonly AuditEntry[]>
  /**
   * Lists entries of all nodes and of the command line, newest first. Other nodes write theirs within a second. For the
   * next page, pass the last entry as `after`.
   *
   * @throws ConfigError if `limit` is not a positive integer, or if a time is not valid
   */
  list(query?: AuditQuery): Promise<readonly AuditRecord[]>
}

export const auditAdministration = (start: () => Promise<Services>): AuditAdministration => ({
  find: async (requestId) => (await start()).audit.find(requestId),
  async list({ since, until, user, limit, after, ...conditions } = {}) {
    const services = await start()
    const times = { since: toTime('since', since), until: toTime('until', until) }
    const sub = user === undefined ? undefined : services.subjectOf(toUserRef(services, user))
    return services.audit.list({ ...conditions, ...times, sub }, { limit, after })
  },
})

/** From JavaScript, an invalid date would list nothing, silently. */
function toTime(path: string, time: Date | number | undefined): number | undefined {
  const milliseconds = time instanceof Date ? time.getTime() : time
  if (milliseconds === undefined || Number.isFinite(milliseconds)) return milliseconds
  throw new ConfigError([{ path, message: 'must be a date, or a time in milliseconds' }])
}
