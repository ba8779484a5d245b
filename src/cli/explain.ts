import { resolveMaintenance } from '../config/maintenance.ts'
import { createValidator } from '../lib/validator.ts'
import type { AuditedEvent, AuditEntry } from '../model/audit.ts'
import { CommandError } from './errors.ts'
import { bold, fields, print, printJson } from './output.ts'
import { withProject, requireInstalled, type Project } from './project.ts'

/** The flags of `consulate explain`. */
export interface ExplainOptions {
  readonly json?: boolean
}

const HEADINGS: Readonly<Record<AuditedEvent, string>> = {
  'request.refused': 'The request was refused',
  'sign-in.failed': 'A sign-in failed',
  'sign-in.throttled': 'A sign-in was turned away',
  'replay.detected': 'A replay was detected',
  'refresh.ahead': 'A refresh token was ahead of the database',
  'revocation.written': 'Something was revoked',
}

/** `consulate explain`: why a request was refused, by the id that its answer had in `X-Request-Id` and on the error page. */
export const explainRequest = (requestId: string, { json = false }: ExplainOptions): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const entries = await project.store.audit.listByRequest(requestId)
    if (entries.length === 0)
      throw new CommandError(`nothing is known of request ${requestId}. ${hintOf(project)}`)
    if (json) return printJson(entries.map(entryJson))
    print(...entries.flatMap((entry, index) => [...(index === 0 ? [] : ['']), ...entryLines(entry)]))
  })

function hintOf({ config }: Project): string {
  const { auditRetention } = resolveMaintenance(config, createValidator())
  if (auditRetention === 0)
    return 'The audit log is turned off (`audit`); the server’s own log has the reason.'
  const days = Math.round(auditRetention / 8_640_000) / 10
  return `It was not refused, or more than ${days} days ago, or less than a second; or this is not the database of that server.`
}

/** For scripts, all in one spelling. */
const entryJson = ({ at, ...entry }: AuditEntry): Readonly<Record<string, unknown>> => ({
  at: new Date(at).toISOString(),
  ...entry,
})

const entryLines = (entry: AuditEntry): readonly string[] => [
  bold(HEADINGS[entry.event]),
  ...fields([
    ['why', entry.detail],
    ['answer', [entry.status, entry.code].filter((part) => part !== null).join(' ')],
    ['path', entry.path ?? ''],
    ['client', entry.clientId ?? ''],
    ['person', entry.sub ?? ''],
    ['address', entry.address ?? ''],
    ['time', new Date(entry.at).toISOString()],
    ['event', entry.event],
  ]),
]
