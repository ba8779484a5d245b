import { createAuditFollower } from '../audit/follow.ts'
import { resolveAudit } from '../config/audit.ts'
import { EVENT_NAMES } from '../event-map.ts'
import { printableJson } from '../lib/printable-json.ts'
import { createValidator, describeUnknown } from '../lib/validator.ts'
import { subjectOf } from '../model/subject.ts'
import { COMMAND_EVENTS, type AuditFilter, type AuditRecord } from '../store/audit.ts'
import { UsageError } from './errors.ts'
import { DEFAULT_LIMIT, limitRows, warnIfTruncated } from './listing.ts'
import { dim, print, printableLine, printJson, table, yellow } from './output.ts'
import { requireInstalled, withProject, type Project } from './project.ts'
import { timeOf } from './time-flag.ts'
import { resolveUser } from './user-lookup.ts'

/** The flags of `consulate audit`. */
export interface AuditFlags {
  readonly since?: string
  readonly until?: string
  readonly user?: string
  readonly client?: string
  readonly event?: string
  readonly address?: string
  readonly request?: string
  readonly limit?: number
  readonly follow?: boolean
  readonly json?: boolean
}

/** `consulate audit`: lists the audit log, newest first, or follows it until interrupted. */
export const showAudit = (flags: AuditFlags): Promise<void> =>
  withProject(async (project) => {
    const times = { since: timeOf('--since', flags.since), until: timeOf('--until', flags.until) }
    requireKnownEvent(flags.event)
    await requireInstalled(project)
    warnIfOff(project)
    const filter = { ...times, ...(await filterOf(project, flags)) }
    await (flags.follow ? follow(project, filter, flags) : list(project, filter, flags))
  })

const EVENTS: readonly string[] = [...EVENT_NAMES, ...COMMAND_EVENTS]

function requireKnownEvent(event: string | undefined): void {
  if (event !== undefined && !EVENTS.includes(event))
    throw new UsageError(`--event: ${describeUnknown('event', event, EVENTS)}`)
}

async function filterOf(project: Project, flags: AuditFlags): Promise<AuditFilter> {
  const { user, client: clientId, event, address, request: requestId } = flags
  const sub = user === undefined ? undefined : subjectOf(await resolveUser(project, user), project.provider)
  return { sub, clientId, event, address, requestId }
}

function warnIfOff({ config }: Project): void {
  if (resolveAudit(config.audit ?? {}, createValidator()).auditRetention > 0) return
  process.stderr.write(`${yellow('Warning: the audit log is off (`audit`).', process.stderr)}\n`)
}

async function list({ store }: Project, filter: AuditFilter, flags: AuditFlags): Promise<void> {
  const { limit = DEFAULT_LIMIT, json = false } = flags
  const listing = limitRows(await store.audit.list(filter, { limit: limit + 1 }), limit)
  const { rows } = listing
  if (json) printJson(rows.map(entryJson))
  else print(...(rows.length > 0 ? table(HEAD, rows.map(columns)) : ['No entries.']))
  warnIfTruncated(listing, limit)
}

const RECENT = 10

/** Prints the newest entries, oldest first, and then each new one. One JSON document per line with `--json`. */
async function follow({ store }: Project, filter: AuditFilter, flags: AuditFlags): Promise<void> {
  const interruption = new AbortController()
  const stop = (): void => interruption.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const { isKnown, follow: startFollowing } = await createAuditFollower(store.audit, filter)
    const recent = await store.audit.list(filter, { limit: flags.limit ?? RECENT })
    printEach(recent.filter(({ id }) => isKnown(id)).toReversed(), flags)
    const onUnavailable = (): void => void process.stderr.write('The database is not available. Retrying.\n')
    const options = { signal: interruption.signal, onUnavailable }
    for await (const entries of startFollowing(options)) printEach(entries, flags)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

const printEach = (entries: readonly AuditRecord[], { json = false }: AuditFlags): void => {
  for (const entry of entries) print(json ? printableJson(entryJson(entry)) : lineOf(entry))
}

/** Columns of a stream can't be aligned with what comes later. */
const lineOf = (entry: AuditRecord): string => {
  const [time = '', ...others] = columns(entry).map(printableLine)
  return [dim(time), ...others.filter(Boolean)].join('  ')
}

const HEAD = ['Time', 'Event', 'User', 'Client', 'Address', 'Details']

const columns = (entry: AuditRecord): readonly string[] => {
  const { at, event, by, sub, clientId, address, status, code, path, detail } = entry
  const reason = [status, code, path && `at ${path}`].filter((part) => part !== null).join(' ')
  return [
    new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
    event,
    sub ?? '',
    clientId ?? '',
    address ?? '',
    [reason, by === null ? detail : `${detail} (by ${by})`].filter(Boolean).join(': '),
  ]
}

const entryJson = ({
  at,
  requestId,
  clientId,
  ...entry
}: AuditRecord): Readonly<Record<string, unknown>> => ({
  time: new Date(at).toISOString(),
  ...entry,
  client_id: clientId,
  request_id: requestId,
})
