import type { EventMap } from './event-map.ts'
import type { Events } from './events.ts'
import { createBatchWriter } from './jobs/batch-writer.ts'
import type { Clock } from './lib/clock.ts'
import { addressGroup } from './lib/address.ts'
import type { Logger } from './lib/log.ts'
import type { AuditEntry, AuditedEvent } from './model/audit.ts'
import type { AuditStore } from './store/audit.ts'

/** The dependencies of the audit log. */
export interface AuditOptions {
  readonly events: Pick<Events, 'on'>
  readonly store: AuditStore
  readonly clock: Clock
  readonly logger: Logger
  /** Milliseconds; 0 turns the audit log off. */
  readonly auditRetention: number
}

/** Records events that may need an explanation later. */
export interface Audit {
  /** Returns the entries of a request, including those that this node has not written yet. */
  find(requestId: string): Promise<readonly AuditEntry[]>
  /** Stops recording and writes what is pending. */
  close(): Promise<void>
}

type EntryFields = Partial<AuditEntry> & Pick<AuditEntry, 'detail'>

const FAILURES: Readonly<Record<EventMap['sign-in.failed']['reason'], string>> = {
  unknown_user: 'no such user',
  wrong_password: 'wrong password, or signed out everywhere meanwhile',
}

/** Converts the payload of each event. */
const CONVERTERS: { readonly [Name in AuditedEvent]: (payload: EventMap[Name]) => EntryFields } = {
  'request.refused': ({ status, code, path, clientId, sub, address, detail }) => ({
    status,
    code,
    path,
    clientId,
    sub,
    address,
    detail,
  }),
  'sign-in.failed': ({ sub, address, reason }) => ({
    sub,
    address,
    detail: FAILURES[reason],
  }),
  'sign-in.throttled': ({ address, retryAfter }) => ({
    address,
    detail: `too many failures: blocked for ${retryAfter} more seconds`,
  }),
  'replay.detected': ({ credential, authorizationId, clientId }) => ({
    clientId,
    detail: `a ${credential.replace('_', ' ')} was used again: authorization ${authorizationId} was revoked`,
  }),
  'refresh.ahead': ({ authorizationId, from, to }) => ({
    detail: `authorization ${authorizationId} was at generation ${from} and moved to ${to}: the database is older than the refresh token`,
  }),
  'revocation.written': ({ entry: { kind, subject, epoch } }) => ({
    ...(kind === 'client' && { clientId: subject }),
    ...(kind === 'user' && { sub: subject }),
    detail: `revoked: ${kind} ${subject}${epoch > 0 ? ` before epoch ${epoch}` : ''}`,
  }),
}

const convert = <Name extends AuditedEvent>(event: Name, payload: EventMap[Name]): EntryFields =>
  CONVERTERS[event](payload)

const EVENTS = Object.keys(CONVERTERS) as readonly AuditedEvent[]

const EMPTY = { status: null, code: null, path: null, clientId: null, sub: null, address: null } as const

const MAX_TEXT_LENGTH = 1_000

/** Starts the audit log. It never delays a request: entries are written in batches, within a second. */
export function createAudit({ events, store, clock, logger, auditRetention }: AuditOptions): Audit {
  const batches = createBatchWriter<AuditEntry>({
    name: 'audit entries',
    write: (entries) => store.insert(entries),
    logger,
  })
  const record = (event: AuditedEvent): (() => void) =>
    events.on(event, (payload) => {
      const fields = { ...EMPTY, ...convert(event, payload) }
      const source = fields.address === null ? undefined : addressGroup(fields.address)
      batches.add(sanitize({ at: clock.now(), requestId: payload.requestId, event, ...fields }), source)
    })
  const removeListeners = auditRetention > 0 ? EVENTS.map(record) : []
  return {
    async find(requestId) {
      await batches.flush()
      return store.listByRequest(requestId)
    },
    async close() {
      for (const remove of removeListeners) remove()
      await batches.close()
    },
  }
}

/** These fields may contain input. */
const sanitize = (entry: AuditEntry): AuditEntry => ({
  ...entry,
  path: entry.path && printable(entry.path),
  address: entry.address && printable(entry.address),
  detail: printable(entry.detail),
})

/** Control characters can forge terminal output, and some databases reject NUL. */
const printable = (text: string): string => text.slice(0, MAX_TEXT_LENGTH).replaceAll(/\p{C}/gu, '\ufffd')
