import { EVENT_NAMES, type EventMap } from '../event-map.ts'
import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'

/** The audit log. */
export interface AuditConfig {
  /** How long entries are kept. Default 7 days. */
  readonly keep?: Duration
  /**
   * Which events are recorded; `'all'` for all of them. Default: all except `purge.completed`, and `token.issued` and
   * `token.refreshed`, of which a busy server has more than the audit log can write.
   */
  readonly events?: readonly (keyof EventMap)[] | 'all'
}

/** What the server records. */
export interface AuditSettings {
  /** How long audit entries are kept, in milliseconds. 0: none are written, and a purge deletes all. */
  readonly auditRetention: number
  readonly auditEvents: readonly (keyof EventMap)[]
}

const FREQUENT: ReadonlySet<keyof EventMap> = new Set(['token.issued', 'token.refreshed', 'purge.completed'])
const DEFAULT_EVENTS = EVENT_NAMES.filter((name) => !FREQUENT.has(name))

const OPTIONS: OptionNames<AuditConfig> = { keep: true, events: true }

export function resolveAudit(audit: AuditConfig | 'off', validator: Validator): AuditSettings {
  if (audit === 'off') return { auditRetention: 0, auditEvents: [] }
  validator.knownOptions('audit', audit, OPTIONS)
  const { keep = '7d', events = DEFAULT_EVENTS } = audit
  return {
    auditRetention: validator.duration('audit.keep', keep),
    auditEvents: events === 'all' ? EVENT_NAMES : checkedEvents(events, validator),
  }
}

function checkedEvents(events: unknown, validator: Validator): readonly (keyof EventMap)[] {
  if (!Array.isArray(events)) {
    validator.problem('audit.events', "must be 'all' or an array of events")
    return []
  }
  for (const [index, event] of events.entries())
    validator.oneOf(`audit.events[${index}]`, event as keyof EventMap, EVENT_NAMES)
  return [...new Set(events as readonly (keyof EventMap)[])]
}
