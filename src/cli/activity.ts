import { hostname, userInfo } from 'node:os'
import { createEntry, listenForEntries } from '../audit/entry.ts'
import { resolveAudit } from '../config/audit.ts'
import { resolveWebhooks } from '../config/webhooks.ts'
import type { Config } from '../config/config.ts'
import type { EventMap } from '../event-map.ts'
import { createEvents, type Events } from '../events.ts'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/log.ts'
import { createValidator } from '../lib/validator.ts'
import { createRevoker, type Revoker } from '../revocations/revoker.ts'
import { subjectOf, type UserRef } from '../model/subject.ts'
import type { AuditEntry, CommandEvent } from '../store/audit.ts'
import type { Store } from '../store/contract.ts'
import { openOutbox } from '../webhooks/outbox.ts'
import { yellow } from './output.ts'

/** Records what a command does in the audit log, and for webhooks. A running server emits no events for it. */
export interface Activity {
  /** What is emitted goes to the audit log and to the outbox of webhooks, from which a running server sends it. */
  readonly events: Events
  /** Revokes something. Servers learn of it from the store, so nothing is announced here. */
  readonly revoker: Revoker
  /** Records an act without an event. */
  record(event: CommandEvent, fields: Partial<AuditEntry> & Pick<AuditEntry, 'detail'>): void
  /** Writes the entries. A failure is a warning: the command itself has succeeded. */
  write(): Promise<void>
}

/** Creates the record of one command. */
export function createActivity(config: Config, store: Store, provider: string): Activity {
  const { auditRetention, auditEvents } = resolveAudit(config.audit ?? {}, createValidator())
  const entries: AuditEntry[] = []
  const webhooks = resolveWebhooks(config.webhooks, createValidator())
  const options = { webhooks, clock: systemClock, logger: silentLogger }
  const outbox = openOutbox(options, store)
  const events = createEvents(silentLogger, outbox)
  listenForEntries(events, auditEvents, systemClock, (entry) => void entries.push(signed(entry)))
  return {
    events,
    revoker: createRevoker({
      store,
      feed: { apply: () => undefined },
      events,
      clock: systemClock,
      announce: () => undefined,
      hasApiCookies: config.apiCookie !== undefined,
      subjectOf: (user: UserRef) => subjectOf(user, provider),
    }),
    record: (event, fields) => void entries.push(signed(createEntry(event, systemClock.now(), fields))),
    async write() {
      await outbox?.settled()
      if (auditRetention === 0 || entries.length === 0) return
      await store.audit.insert(entries.splice(0)).catch((error: unknown) => {
        const text = `Warning: the audit log was not written: ${String(error)}`
        process.stderr.write(`${yellow(text, process.stderr)}\n`)
      })
    },
  }
}

/** Adds who runs the command. */
const signed = (entry: AuditEntry): AuditEntry => ({
  ...createEntry(entry.event, entry.at, { ...entry, detail: `${entry.detail}; run by ${operator()}` }),
  by: 'command_line',
})

/** A user ID without an entry in the password file has no name. */
function operator(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return hostname()
  }
}

/** A revocation by the command line. */
export const byCommandLine = (
  reason: EventMap['revocation.written']['reason'],
): { readonly by: 'command_line'; readonly reason: typeof reason } => ({ by: 'command_line', reason })
