import { persistentLifetimeOf } from './config/keep-signed-in.ts'
import type { Services } from './endpoints/services.ts'
import type { LiveKeys } from './keys/live.ts'
import { createApiCookies, NO_API_COOKIES, type ApiCookies } from './sessions/api-cookies.ts'

/** What API cookies are built from. */
interface Parts extends Pick<Services, 'settings' | 'subjectOf'> {
  readonly liveKeys: LiveKeys
}

/** Creates the API cookies of a server, by its current keys. */
export function openApiCookies({ settings, subjectOf, liveKeys }: Parts): ApiCookies {
  const { apiCookie } = settings
  if (!apiCookie) return NO_API_COOKIES
  return createApiCookies({
    ...settings,
    apiCookie,
    subjectOf,
    keys: liveKeys.keySet,
    derived: liveKeys.derived,
    persistentLifetime: persistentLifetimeOf(settings),
  })
}
