import type { EventMap } from '../event-map.ts'
import type { RevokedBy } from '../model/revocation.ts'

/** Actions of the command line that a running server has no event for. */
export const COMMAND_EVENTS = [
  'user.created',
  'user.disabled',
  'user.enabled',
  'keys.rotated',
  'import.completed',
] as const

/** An act of the command line that a running server has no event for. */
export type CommandEvent = (typeof COMMAND_EVENTS)[number]

/** An event that the audit log can have. */
export type AuditedEvent = keyof EventMap | CommandEvent

/** Who acted: see `RevokedBy`; `reset` is the holder of a link for a forgotten password. */
export type AuditActor = RevokedBy | 'reset'

/** An entry of the audit log. Never contains a secret, token, code or password. Unknown values are null. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly at: number
  /** The `X-Request-Id` of the response; null if no request caused the event. */
  readonly requestId: string | null
  readonly event: AuditedEvent
  /** Who acted, if the event tells. */
  readonly by: AuditActor | null
  /** The HTTP status of the response. */
  readonly status: number | null
  /** The error code of the response. */
  readonly code: string | null
  readonly path: string | null
  readonly clientId: string | null
  readonly sub: string | null
  /** The client's IP address. */
  readonly address: string | null
  /** What happened, or the exact reason, for the operator. May contain IDs. */
  readonly detail: string
}

/** A stored entry. */
export interface AuditRecord extends AuditEntry {
  /** Increases with each entry of a store. Concurrent readers can see entries out of order. */
  readonly id: number
}

/** Which entries to list. All conditions must hold. */
export interface AuditFilter {
  /** Entries from this time on, in milliseconds since 1970. */
  readonly since?: number | undefined
  /** Entries before this time, in milliseconds since 1970. */
  readonly until?: number | undefined
  readonly sub?: string | undefined
  readonly clientId?: string | undefined
  readonly event?: string | undefined
  readonly address?: string | undefined
  readonly requestId?: string | undefined
}

/** The position of an entry in a list that is sorted by time. */
export type AuditCursor = Pick<AuditRecord, 'at' | 'id'>

/** Stores and lists the audit log. */
export interface AuditStore {
  /** Inserts entries, all or none. */
  insert(entries: readonly AuditEntry[]): Promise<void>
  /** Lists the first 100 entries of a request, in the order of their insertion. */
  listByRequest(requestId: string): Promise<readonly AuditEntry[]>
  /**
   * Lists entries by time, newest first: at most `limit` (default 100), starting after the entry `after`. Throws
   * `ConfigError` if the limit is not a positive integer.
   */
  list(
    filter: AuditFilter,
    page?: { readonly limit?: number | undefined; readonly after?: AuditCursor | undefined },
  ): Promise<readonly AuditRecord[]>
  /** Lists entries with a higher ID, by ID in ascending order: at most `limit`. */
  listSince(id: number, filter: AuditFilter, limit: number): Promise<readonly AuditRecord[]>
  /** Returns the ID of the newest entry; 0 without entries. */
  newestId(): Promise<number>
}
