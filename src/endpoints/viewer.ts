import type { Session } from '../model/session.ts'
import type { BaseUser } from '../users/provider.ts'
import type { Exchange } from './endpoint.ts'

/** The session of a request, and its user unless they were disabled since. */
export interface FoundViewer {
  readonly session: Session | undefined
  readonly user: BaseUser | undefined
}

/**
 * Looks up who is signed in as a user of a provider, and remembers it for the page that is shown. Extends the API cookie of
 * the session.
 */
export async function lookUpViewer(exchange: Exchange, provider: string): Promise<FoundViewer> {
  const { sessions, userDirectory, apiCookies } = exchange.services
  const session = await sessions.current(exchange, provider)
  const user = session && (await userDirectory.find(session))
  if (user) apiCookies.extend(exchange, session)
  Object.assign(exchange.viewer, { isKnown: true, session: user && session, user })
  return { session, user }
}

/** Returns the signed-in user for a page. On error pages, no user was looked up yet: the first provider with a user counts. */
export async function findViewer(exchange: Exchange): Promise<BaseUser | undefined> {
  const { viewer, services } = exchange
  const { providers } = services.settings
  for (const provider of viewer.isKnown ? [] : providers) {
    // An error page is also shown if the database is down.
    const { user } = await lookUpViewer(exchange, provider).catch(() => ({ user: undefined }))
    if (user) break
  }
  return viewer.user
}
