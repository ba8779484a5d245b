import { systemClock } from '../lib/clock.ts'
import type { Session } from '../model/session.ts'
import { subjectOf } from '../model/subject.ts'
import { byCommandLine } from './activity.ts'
import { confirmOrCancel, requireConfirmable, type InteractiveOptions } from './interactive.ts'
import { DEFAULT_LIMIT, limitRows, notFound, warnIfTruncated } from './listing.ts'
import { print, printableLine, printJson, relativeTime, table } from './output.ts'
import { withProject, requireInstalled, type Project } from './project.ts'
import { createUserNames, resolveUser } from './user-lookup.ts'

/** The flags of `consulate session list`. */
export interface SessionOptions {
  /** An id or a user name. */
  readonly user?: string
  readonly limit?: number
  readonly json?: boolean
}

/** `consulate session list`: lists active sessions; those of one user with the last used first. */
export const listSessions = ({ user, limit = DEFAULT_LIMIT, json = false }: SessionOptions): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const listing = limitRows(await findSessions(project, user, limit + 1), limit)
    const { rows } = listing
    if (json) printJson(rows.map((session) => sessionJson(project, session)))
    else print(...(rows.length > 0 ? await sessionTable(project, rows) : ['No active sessions.']))
    warnIfTruncated(listing, limit)
  })

/** `consulate session revoke`: signs a device out. Revoking a session again is harmless. */
export async function revokeSession(id: string, options: InteractiveOptions): Promise<void> {
  requireConfirmable(options)
  await withProject(async (project) => {
    await requireInstalled(project)
    const { sessions } = project.store
    const session = await sessions.find(id)
    if (!session) throw notFound('session', id)
    const device = printableLine(`${await createUserNames(project)(session)} from ${session.deviceName}`)
    await confirmOrCancel(options, `Sign out ${device}?`)
    const sub = subjectOf(session, project.provider)
    await project.activity.revoker.revoke({ kind: 'session', id, sub }, byCommandLine('session_revoked'))
    const revoked = (await sessions.find(id)) ?? session
    if (options.json) return printJson(sessionJson(project, revoked))
    print(`Signed out ${device}. The session stops working within 1 second.`)
  })
}

async function findSessions(
  project: Project,
  user: string | undefined,
  limit: number,
): Promise<readonly Session[]> {
  const { sessions } = project.store
  const now = systemClock.now()
  if (user === undefined) return sessions.list(now, { limit })
  return sessions.listByUser(await resolveUser(project, user), now)
}

const sessionJson = (project: Project, session: Session): Readonly<Record<string, unknown>> => ({
  id: session.id,
  sub: subjectOf(session, project.provider),
  device: session.deviceName,
  user_agent: session.userAgent,
  address: session.address,
  methods: session.methods,
  created_at: new Date(session.createdAt).toISOString(),
  last_seen_at: new Date(session.lastSeenAt).toISOString(),
  expires_at: new Date(session.expiresAt).toISOString(),
  revoked_at: session.revokedAt && new Date(session.revokedAt).toISOString(),
})

async function sessionTable(project: Project, sessions: readonly Session[]): Promise<readonly string[]> {
  const nameOf = createUserNames(project)
  const rows = sessions.map(async (session) => [
    session.id,
    await nameOf(session),
    session.deviceName,
    session.address,
    relativeTime(session.lastSeenAt),
  ])
  return table(['ID', 'User', 'Device', 'Address', 'Last seen'], await Promise.all(rows))
}
