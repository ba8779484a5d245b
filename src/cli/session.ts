import { systemClock } from '../lib/clock.ts'
import type { Session } from '../model/session.ts'
import { subjectOf } from '../model/subject.ts'
import { limitRows, notFound, DEFAULT_LIMIT, warnIfTruncated } from './listing.ts'
import { print, printJson, relativeTime, table } from './output.ts'
import { createUserNames, resolveUser } from './user-lookup.ts'
import { withProject, requireInstalled, type Project } from './project.ts'

/** The flags of `consulate session list`. */
export interface SessionOptions {
  /** An id or a user name. */
  readonly user?: string
  readonly limit?: number
  readonly json?: boolean
}

/** `consulate session list`: who is signed in, on which device; of one person, last seen first. */
export const listSessions = ({ user, limit = DEFAULT_LIMIT, json = false }: SessionOptions): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const listing = limitRows(await findSessions(project, user, limit + 1), limit)
    const { rows } = listing
    if (json) printJson(rows.map((session) => sessionJson(project, session)))
    else print(...(rows.length > 0 ? await sessionTable(project, rows) : ['Nobody is signed in.']))
    warnIfTruncated(listing, limit)
  })

/** `consulate session revoke`: signs a device out, and ends what ends with it. Again is harmless. */
export const revokeSession = (id: string, { json = false }: Pick<SessionOptions, 'json'>): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const { sessions, revocations } = project.store
    const entry = await revocations.revoke({ kind: 'session', id }, systemClock.now())
    const session = entry && (await sessions.find(id))
    if (!session) throw notFound('session', id)
    if (json) return printJson(sessionJson(project, session))
    print(`${id} is signed out. What ends with it ends within the time that servers poll in: a second.`)
  })

async function findSessions(
  project: Project,
  who: string | undefined,
  limit: number,
): Promise<readonly Session[]> {
  const { sessions } = project.store
  const now = systemClock.now()
  return who === undefined
    ? sessions.list(now, { limit })
    : sessions.listByUser(await resolveUser(project, who), now)
}

/** A session for scripts. */
function sessionJson(project: Project, session: Session): Readonly<Record<string, unknown>> {
  return {
    id: session.id,
    sub: subjectOf(session, project.provider),
    device: session.deviceName,
    user_agent: session.userAgent,
    address: session.address,
    created_at: new Date(session.createdAt).toISOString(),
    last_seen_at: new Date(session.lastSeenAt).toISOString(),
    expires_at: new Date(session.expiresAt).toISOString(),
    revoked_at: session.revokedAt && new Date(session.revokedAt).toISOString(),
  }
}

async function sessionTable(project: Project, sessions: readonly Session[]): Promise<readonly string[]> {
  const nameOf = createUserNames(project)
  const rows = await Promise.all(
    sessions.map(async (session) => [
      session.id,
      await nameOf(session),
      session.deviceName,
      session.address,
      relativeTime(session.lastSeenAt),
    ]),
  )
  return table(['id', 'person', 'device', 'address', 'last seen'], rows)
}
