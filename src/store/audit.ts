import type { AuditEntry } from '../model/audit.ts'

/** What was refused, what failed and what was revoked, for `consulate explain`. */
export interface AuditStore {
  /** Inserts entries, all or none. */
  insert(entries: readonly AuditEntry[]): Promise<void>
  /** Lists the first 100 entries of a request, in the order of their insertion. */
  listByRequest(requestId: string): Promise<readonly AuditEntry[]>
}
