import type { EventMap } from '../event-map.ts'
import type { Events } from '../events.ts'
import { createBatchWriter } from '../jobs/batch-writer.ts'
import { addressGroup } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { AuditCursor, AuditEntry, AuditFilter, AuditRecord, AuditStore } from '../store/audit.ts'
import { listenForEntries } from './entry.ts'

/** The dependencies of the audit log. */
export interface AuditOptions {
  readonly events: Pick<Events, 'on'>
  readonly store: AuditStore
  readonly clock: Clock
  readonly logger: Logger
  /** Milliseconds; 0 turns the audit log off. */
  readonly auditRetention: number
  /** The events to record. */
  readonly auditEvents: readonly (keyof EventMap)[]
}

/** Records events that may need an explanation later. */
export interface Audit {
  /** Returns the entries of a request, including those that this node has not written yet. */
  find(requestId: string): Promise<readonly AuditEntry[]>
  /** Lists entries, newest first, including those that this node has not written yet. */
  list(
    filter: AuditFilter,
    page: { readonly limit?: number | undefined; readonly after?: AuditCursor | undefined },
  ): Promise<readonly AuditRecord[]>
  /** Stops recording and writes what is pending. */
  close(): Promise<void>
}

/** Starts the audit log. It never delays a request: entries are written in batches, within a second. */
export function createAudit(options: AuditOptions): Audit {
  const { events, store, clock, logger, auditRetention, auditEvents } = options
  const batches = createBatchWriter<AuditEntry>({
    name: 'audit entries',
    write: (entries) => store.insert(entries),
    logger,
  })
  const removeListeners =
    auditRetention > 0
      ? listenForEntries(events, auditEvents, clock, (entry) => batches.add(entry, sourceOf(entry)))
      : []
  return {
    async find(requestId) {
      await batches.flush()
      return store.listByRequest(requestId)
    },
    async list(filter, page) {
      await batches.flush()
      return store.list(filter, page)
    },
    async close() {
      for (const remove of removeListeners) remove()
      await batches.close()
    },
  }
}

/** What can cause many entries, and must not displace those of others. Revocations matter more: they have no limit. */
function sourceOf({ event, address, sub, clientId }: AuditEntry): string | undefined {
  if (event === 'revocation.written') return undefined
  return address === null ? (sub ?? clientId ?? undefined) : addressGroup(address)
}
