import { systemClock } from '../lib/clock.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import type { Authorization } from '../model/authorization.ts'
import { isInstalled, type Project } from './project.ts'

const PAGE = 1000

/**
 * The longest lifetime (ms) that any living personal access token was given; 0 where there is none. What is configured
 * now does not tell: it may have been shortened since, or be said in an application that no command reads. Without end
 * where no database can be asked: the application may have one elsewhere, and a key too many does no harm.
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
