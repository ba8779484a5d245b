import { systemClock } from '../lib/clock.ts'
import type { Authorization } from '../model/authorization.ts'
import { formatScope } from '../model/scope.ts'
import { subjectOf } from '../model/subject.ts'
import { limitRows, notFound, DEFAULT_LIMIT, warnIfTruncated } from './listing.ts'
import { print, printJson, relativeTime, table } from './output.ts'
import { createUserNames, resolveUser } from './user-lookup.ts'
import { withProject, requireInstalled, type Project } from './project.ts'

/** The flags of `consulate authorization list`. */
export interface AuthorizationOptions {
  /** An id or a user name. */
  readonly user?: string
  /** A client id. */
  readonly client?: string
  readonly limit?: number
  readonly json?: boolean
}

/** `consulate authorization list`: what people have allowed clients, as long as a token of it lives. */
export function listAuthorizations(options: AuthorizationOptions): Promise<void> {
  const { limit = DEFAULT_LIMIT, json = false } = options
  return withProject(async (project) => {
    await requireInstalled(project)
    const listing = limitRows(await findAuthorizations(project, options, limit + 1), limit)
    const { rows } = listing
    const names = await clientNames(project, rows)
    if (json) printJson(rows.map((row) => authorizationJson(project, row, names)))
    else print(...(rows.length > 0 ? await authorizationTable(project, rows, names) : ['There are none.']))
    warnIfTruncated(listing, limit)
  })
}

/** `consulate authorization revoke`: ends one authorization and its tokens. Again is harmless. */
export const revokeAuthorization = (
  id: string,
  { json = false }: Pick<AuthorizationOptions, 'json'>,
): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const { authorizations, revocations } = project.store
    const entry = await revocations.revoke({ kind: 'authorization', id }, systemClock.now())
    const authorization = entry && (await authorizations.find(id))
    if (!authorization) throw notFound('authorization', id)
    if (json)
      return printJson(authorizationJson(project, authorization, await clientNames(project, [authorization])))
    print(`${id} is revoked. Its tokens end within the time that servers poll in: a second.`)
  })

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
  const theirs = await authorizations.listByUser(await resolveUser(project, user), now)
  return theirs.filter(({ clientId }) => client === undefined || clientId === client)
}

type Names = ReadonlyMap<string, string>

async function clientNames({ store }: Project, rows: readonly Authorization[]): Promise<Names> {
  const ids = [...new Set(rows.map(({ clientId }) => clientId))]
  return new Map(
    await Promise.all(ids.map(async (id) => [id, (await store.clients.find(id))?.name ?? id] as const)),
  )
}

/** When the last token of it that there is now expires (ms). */
const endOf = ({ seedHash, expiresAt, accessExpiresAt }: Authorization): number =>
  seedHash === null ? accessExpiresAt : Math.max(expiresAt, accessExpiresAt)

/** An authorization for scripts. */
function authorizationJson(
  project: Project,
  row: Authorization,
  names: Names,
): Readonly<Record<string, unknown>> {
  return {
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
    expires_at: new Date(endOf(row)).toISOString(),
    revoked_at: row.revokedAt && new Date(row.revokedAt).toISOString(),
  }
}

/** What a person would call it: the client's name, and that of a personal access token. */
const clientOf = ({ clientId, name }: Authorization, names: Names): string =>
  [names.get(clientId), name].filter(Boolean).join(': ')

async function authorizationTable(
  project: Project,
  rows: readonly Authorization[],
  names: Names,
): Promise<readonly string[]> {
  const nameOf = createUserNames(project)
  const lines = rows.map(async (row) => [
    row.id,
    await nameOf(row),
    clientOf(row, names),
    formatScope(row.scopes),
    relativeTime(row.lastUsedAt),
    relativeTime(endOf(row)),
  ])
  const head = ['id', 'person', 'client', 'scopes', 'last used', 'expires']
  return table(head, await Promise.all(lines))
}
