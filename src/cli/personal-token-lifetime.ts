import { systemClock } from '../lib/clock.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import type { Authorization } from '../model/authorization.ts'
import { isInstalled, type Project } from './project.ts'

const PAGE = 1000

/**
 * Returns the longest lifetime (ms) of all valid personal access tokens, or 0 without any. The configured lifetime is no
 * bound: it may have been longer before, or be set in an application that no command reads. Returns infinity if there is no
 * database: the application may use another one, and keeping a key for too long is harmless.
 */
export async function longestPersonalTokenLifetime(project: Project): Promise<number> {
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
