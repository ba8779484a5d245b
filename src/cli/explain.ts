import { resolveMaintenance } from '../config/maintenance.ts'
import { createValidator } from '../lib/validator.ts'
import type { AuditedEvent, AuditEntry } from '../store/audit.ts'
import { CommandError } from './errors.ts'
import { bold, fields, print, printJson, timestamp } from './output.ts'
import { withProject, requireInstalled, type Project } from './project.ts'

/** The flags of `consulate explain`. */
export interface ExplainOptions {
  readonly json?: boolean
}

const HEADINGS: Readonly<Partial<Record<AuditedEvent, string>>> = {
  'request.refused': 'Request refused',
  'sign-in.failed': 'Sign-in failed',
  'sign-in.throttled': 'Sign-in throttled',
  'replay.detected': 'Replay detected',
  'refresh.ahead': 'Refresh token is newer than the database',
  'revocation.written': 'Access revoked',
  'session.started': 'User signed in',
  'session.ended': 'Device signed out',
  'device.new': 'New device',
  'authorization.created': 'Access granted',
  'consent.given': 'Consent given',
  'consent.denied': 'Consent denied',
  'app.disconnected': 'App disconnected',
  'password.changed': 'Password changed',
  'password-reset.requested': 'Password reset requested',
}

/** `consulate explain`: shows why a request was refused. Its id is in `X-Request-Id` and on the error page. */
export const explainRequest = (requestId: string, { json = false }: ExplainOptions): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const entries = await project.store.audit.listByRequest(requestId)
    if (entries.length === 0) throw new CommandError(describeMissing(project, requestId))
    if (json) return printJson(entries.map(entryJson))
    const records = await Promise.all(entries.map((entry) => entryLines(project, entry)))
    print(...records.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])))
  })

function describeMissing({ config }: Project, requestId: string): string {
  const { auditRetention } = resolveMaintenance(config, createValidator())
  if (auditRetention === 0) return 'The audit log is off (`audit`). See the log of the server for the reason.'
  const days = Math.round(auditRetention / 8_640_000) / 10
  const kept = `${days} ${days === 1 ? 'day' : 'days'}`
  return `No refused request with the ID "${requestId}". Refusals are kept for ${kept} and appear within a second. Is this the server's database?`
}

const entryJson = ({ at, ...entry }: AuditEntry): Readonly<Record<string, unknown>> => ({
  at: new Date(at).toISOString(),
  ...entry,
})

const entryLines = async (
  { store }: Project,
  { event, by, detail, status, code, path, clientId, sub, address, at }: AuditEntry,
): Promise<readonly string[]> => {
  const client = clientId === null ? undefined : await store.clients.find(clientId)
  return [
    bold(HEADINGS[event] ?? event),
    ...fields([
      ['Reason', detail],
      ['Response', [status, code].filter((part) => part !== null).join(' ')],
      ['Path', path ?? ''],
      ['Client', client ? `${client.name} (${client.id})` : (clientId ?? '')],
      ['User', sub ?? ''],
      ['By', by ?? ''],
      ['Address', address ?? ''],
      ['Time', timestamp(at)],
      ['Event', event],
    ]),
  ]
}
