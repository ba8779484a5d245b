import type { EventMap, Events } from './events.ts'
import { createBatchWriter } from './jobs/batch-writer.ts'
import type { Clock } from './lib/clock.ts'
import { addressGroup } from './lib/address.ts'
import type { Logger } from './lib/log.ts'
import type { AuditEntry, AuditedEvent } from './model/audit.ts'
import type { AuditStore } from './store/contract.ts'

/** What the audit log needs. `auditRetention`: 0 turns it off. */
export interface AuditOptions {
  readonly events: Pick<Events, 'on'>
  readonly store: AuditStore
  readonly clock: Clock
  readonly logger: Logger
  readonly auditRetention: number
}

/** The audit log of one server: it listens, and writes down what has to be explained some day. */
export interface Audit {
  /** What is known of a request; the last second of this server included. */
  find(requestId: string): Promise<readonly AuditEntry[]>
  /** Writes what was heard last, and stops listening. */
  close(): Promise<void>
}

type Telling = Partial<AuditEntry> & Pick<AuditEntry, 'detail'>

/** What each event comes to as an entry. */
const TELLERS: { readonly [Name in AuditedEvent]: (payload: EventMap[Name]) => Telling } = {
  'request.refused': ({ status, code, path, clientId, sub, address, detail }) => ({
    status,
    code,
    path,
    clientId,
    sub,
    address,
    detail,
  }),
  'sign-in.failed': ({ sub, address, reason }) => ({ sub, address, detail: reason }),
  'sign-in.throttled': ({ address, retryAfter }) => ({
    address,
    detail: `too many failures before: ${retryAfter} seconds to wait`,
  }),
  'replay.detected': ({ of, authorizationId, clientId }) => ({
    clientId,
    detail: `a ${of.replace('_', ' ')} came a second time: authorization ${authorizationId} was revoked`,
  }),
  'refresh.ahead': ({ authorizationId, from, to }) => ({
    detail: `authorization ${authorizationId} stood at generation ${from} and was moved to ${to}: an older database than what it gave out`,
  }),
  'revocation.written': ({ entry: { kind, subject, epoch } }) => ({
    ...(kind === 'client' && { clientId: subject }),
    ...(kind === 'user' && { sub: subject }),
    detail: `revoked: ${kind} ${subject}${epoch > 0 ? ` before epoch ${epoch}` : ''}`,
  }),
}

const tell = <Name extends AuditedEvent>(event: Name, payload: EventMap[Name]): Telling =>
  TELLERS[event](payload)

const EVENTS = Object.keys(TELLERS) as readonly AuditedEvent[]

const NOTHING = { status: null, code: null, path: null, clientId: null, sub: null, address: null } as const

/** Longer details are cut. */
const LONGEST_TEXT = 1_000

/** Begins to listen. Nothing here slows a request down: entries are written a second later, in batches. */
export function createAudit({ events, store, clock, logger, auditRetention }: AuditOptions): Audit {
  const batches = createBatchWriter<AuditEntry>({
    name: 'audit entries',
    write: (entries) => store.insert(entries),
    logger,
  })
  const listen = (event: AuditedEvent): (() => void) =>
    events.on(event, (payload) => {
      const told = { ...NOTHING, ...tell(event, payload) }
      const source = told.address === null ? undefined : addressGroup(told.address)
      batches.add(clean({ at: clock.now(), requestId: payload.requestId, event, ...told }), source)
    })
  const stops = auditRetention > 0 ? EVENTS.map(listen) : []
  return {
    async find(requestId) {
      await batches.flush()
      return store.listByRequest(requestId)
    },
    async close() {
      for (const stop of stops) stop()
      await batches.close()
    },
  }
}

/** Some of these texts came from outside. */
const clean = (entry: AuditEntry): AuditEntry => ({
  ...entry,
  path: entry.path && printable(entry.path),
  address: entry.address && printable(entry.address),
  detail: printable(entry.detail),
})

/** Control characters could make a terminal lie to whoever reads it, and NUL is no text to some databases. */
const printable = (text: string): string => text.slice(0, LONGEST_TEXT).replaceAll(/\p{C}/gu, '\ufffd')
