import { maxLifetimes, type Lifetimes } from '../config/lifetimes.ts'
import type { Settings } from '../config/settings.ts'
import { systemClock } from '../lib/clock.ts'
import type { Authorization } from '../model/authorization.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import { listAll } from './listing.ts'
import { isInstalled, type Project } from './project.ts'

/** Returns the longest lifetimes of all tokens: those of the configuration, of clients, and of personal access tokens. */
export async function longestLifetimes(project: Project, settings: Settings): Promise<Lifetimes> {
  const { accessToken, refreshToken } = maxLifetimes(settings)
  const clients = await clientLifetimes(project)
  return {
    accessToken: Math.max(accessToken, clients.accessToken, await longestPersonalTokenLifetime(project)),
    refreshToken: refreshToken === undefined ? undefined : Math.max(refreshToken, clients.refreshToken),
  }
}

/** Without a database, declared clients count: the application may use another one. */
async function clientLifetimes(project: Project): Promise<Record<keyof Lifetimes, number>> {
  const stored = (await isInstalled(project)) ? await listAll((page) => project.store.clients.list(page)) : []
  const clients = [...stored, ...project.declaredClients.map(({ client }) => client)]
  return {
    accessToken: longestOf(clients.map(({ accessTokenLifetime }) => accessTokenLifetime)),
    refreshToken: longestOf(clients.map(({ refreshTokenLifetime }) => refreshTokenLifetime)),
  }
}

const longestOf = (lifetimes: readonly (number | null)[]): number =>
  lifetimes.reduce<number>((longest, lifetime) => Math.max(longest, lifetime ?? 0), 0)

const PAGE = 1000

/**
 * Returns the longest lifetime (ms) of all valid personal access tokens, or 0 without any. The configured lifetime is no
 * bound: it may have been longer before, or be set in an application that no command reads. Returns infinity if there is no
 * database: the application may use another one, and keeping a key for too long is harmless.
 */
async function longestPersonalTokenLifetime(project: Project): Promise<number> {
  if (!(await isInstalled(project))) return Number.POSITIVE_INFINITY
  const now = systemClock.now()
  let longest = 0
  let page: readonly Authorization[]
  let after: string | undefined
  do {
    const options = { clientId: PERSONAL_ACCESS, limit: PAGE, ...(after !== undefined && { after }) }
    page = await project.store.authorizations.list(now, options)
    for (const { createdAt, accessExpiresAt } of page)
      longest = Math.max(longest, accessExpiresAt - createdAt)
    after = page.at(-1)?.id
  } while (page.length === PAGE)
  return longest
}
