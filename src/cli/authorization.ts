import { systemClock } from '../lib/clock.ts'
import type { Authorization } from '../model/authorization.ts'
import { PERSONAL_ACCESS, SIGN_IN } from '../model/client.ts'
import { formatScope } from '../model/scope.ts'
import { subjectOf } from '../model/subject.ts'
import { byCommandLine } from './activity.ts'
import { confirmOrCancel, requireConfirmable, type InteractiveOptions } from './interactive.ts'
import { DEFAULT_LIMIT, limitRows, notFound, warnIfTruncated } from './listing.ts'
import { print, printableLine, printJson, relativeTime, table } from './output.ts'
import { withProject, requireInstalled, type Project } from './project.ts'
import { createUserNames, resolveUser } from './user-lookup.ts'

/** The flags of `consulate authorization list`. */
export interface AuthorizationOptions {
  /** An id or a user name. */
  readonly user?: string
  /** A client id. */
  readonly client?: string
  readonly limit?: number
  readonly json?: boolean
}

/** `consulate authorization list`: lists the authorizations that have a valid token. */
export function listAuthorizations(options: AuthorizationOptions): Promise<void> {
  const { limit = DEFAULT_LIMIT, json = false } = options
  return withProject(async (project) => {
    await requireInstalled(project)
    const listing = limitRows(await findAuthorizations(project, options, limit + 1), limit)
    const { rows } = listing
    const names = await clientNames(project, rows)
    if (json) printJson(rows.map((row) => authorizationJson(project, row, names)))
    else
      print(
        ...(rows.length > 0 ? await authorizationTable(project, rows, names) : ['No active authorizations.']),
      )
    warnIfTruncated(listing, limit)
  })
}

/** `consulate authorization revoke`: revokes an authorization and its tokens. Revoking it again is harmless. */
export async function revokeAuthorization(id: string, options: InteractiveOptions): Promise<void> {
  requireConfirmable(options)
  await withProject(async (project) => {
    await requireInstalled(project)
    const { authorizations } = project.store
    const authorization = await authorizations.find(id)
    if (!authorization) throw notFound('authorization', id)
    const names = await clientNames(project, [authorization])
    const user = await createUserNames(project)(authorization)
    const what = printableLine(`the access of ${appName(authorization, names)} to ${user}`)
    await confirmOrCancel(options, `Revoke ${what}?`)
    const sub = subjectOf(authorization, project.provider)
    await project.activity.revoker.revoke(
      { kind: 'authorization', id, sub },
      byCommandLine('authorization_revoked'),
    )
    const revoked = (await authorizations.find(id)) ?? authorization
    if (options.json) return printJson(authorizationJson(project, revoked, names))
    print(`Revoked ${what}. Its tokens stop working within 1 second.`)
  })
}

async function findAuthorizations(
  project: Project,
  { user, client }: AuthorizationOptions,
  limit: number,
): Promise<readonly Authorization[]> {
  const { authorizations } = project.store
  const now = systemClock.now()
  if (user === undefined) {
    return authorizations.list(now, { limit, ...(client !== undefined && { clientId: client }) })
  }
  const found = await authorizations.listByUser(await resolveUser(project, user), now)
  return found.filter(({ clientId }) => client === undefined || clientId === client)
}

type ClientNames = ReadonlyMap<string, string>

async function clientNames({ store }: Project, rows: readonly Authorization[]): Promise<ClientNames> {
  const ids = [...new Set(rows.map(({ clientId }) => clientId))]
  return new Map(
    await Promise.all(ids.map(async (id) => [id, (await store.clients.find(id))?.name ?? id] as const)),
  )
}

/** Returns when the last token expires (ms). */
const expiryOf = ({ seedHash, expiresAt, accessExpiresAt }: Authorization): number =>
  seedHash === null ? accessExpiresAt : Math.max(expiresAt, accessExpiresAt)

const authorizationJson = (
  project: Project,
  row: Authorization,
  names: ClientNames,
): Readonly<Record<string, unknown>> => ({
  id: row.id,
  sub: subjectOf(row, project.provider),
  client_id: row.clientId,
  client_name: names.get(row.clientId),
  session_id: row.sessionId,
  scope: formatScope(row.scopes),
  resources: row.resources,
  name: row.name,
  created_at: new Date(row.createdAt).toISOString(),
  last_used_at: new Date(row.lastUsedAt).toISOString(),
  expires_at: new Date(expiryOf(row)).toISOString(),
  revoked_at: row.revokedAt && new Date(row.revokedAt).toISOString(),
})

/** Returns the name of the client, and that of a personal access token. */
function appName({ clientId, name }: Authorization, names: ClientNames): string {
  if (clientId === PERSONAL_ACCESS) return `${name} (personal access token)`
  return clientId === SIGN_IN ? 'Your own apps (sign-in API)' : (names.get(clientId) ?? clientId)
}

async function authorizationTable(
  project: Project,
  rows: readonly Authorization[],
  names: ClientNames,
): Promise<readonly string[]> {
  const nameOf = createUserNames(project)
  const lines = rows.map(async (row) => [
    row.id,
    await nameOf(row),
    appName(row, names),
    formatScope(row.scopes) || 'none',
    relativeTime(row.lastUsedAt),
    relativeTime(expiryOf(row)),
  ])
  return table(['ID', 'User', 'App', 'Scopes', 'Last used', 'Expires'], await Promise.all(lines))
}
