import { persistentLifetimeOf } from './config/keep-signed-in.ts'
import type { Settings } from './config/settings.ts'
import type { Services } from './endpoints/services.ts'
import type { LiveKeys } from './keys/live.ts'
import { toFetchRequest } from './lib/fetch-request.ts'
import { withApiCookies } from './sessions/api-cookies.ts'
import { createAppSessionCookies, type AppSessionCookies } from './sessions/app-session-cookies.ts'
import { createAppSessionReader, type AppSessionOptions } from './sessions/from-app.ts'
import { askApp } from './sessions/app-user.ts'
import { createSessions, type Sessions } from './sessions/sessions.ts'
import { withAppSessions } from './sessions/by-provider.ts'
import { createSignInWatch } from './sessions/sign-in-watch.ts'
import { completeBrowserSignIn, signInEmissions } from './sign-in/start-browser-session.ts'

/** What sessions of users who sign in to the app are built from. */
interface Parts extends Pick<
  Services,
  | 'settings'
  | 'store'
  | 'events'
  | 'feed'
  | 'userDirectory'
  | 'subjectOf'
  | 'devices'
  | 'apiCookies'
  | 'sessionLimit'
> {
  readonly appSessionCookies: () => AppSessionCookies
  /** All services, once they are assembled. */
  readonly services: () => Services
}

/** Returns the cookie values of app sessions, by the current secrets. */
export const openAppSessionCookies = ({
  liveKeys,
}: {
  readonly liveKeys: LiveKeys
}): (() => AppSessionCookies) => liveKeys.derive((derived) => createAppSessionCookies(derived))

/** Creates the sessions of all providers. They set the API cookies too. */
export function openSessions(parts: Parts): Sessions {
  const { settings, store, apiCookies, sessionLimit: limit } = parts
  const own = createSessions({
    ...settings,
    ...parts,
    store: store.sessions,
    lifetime: settings.sessionLifetime,
    persistentLifetime: persistentLifetimeOf(settings),
    limit,
  })
  return withApiCookies(openAppSessions(parts, own), apiCookies)
}

/** Asks the app who is signed in, for the providers that have `appSession.current`. */
function openAppSessions(parts: Parts, sessions: Sessions): Sessions {
  const { settings } = parts
  const providers = new Set(
    [...settings.appSessions].filter(([, { current }]) => current).map(([name]) => name),
  )
  if (providers.size === 0) return sessions
  const read = createAppSessionReader(readerOptionsOf(parts, sessions))
  return withAppSessions(sessions, { ...settings, providers, read })
}

function readerOptionsOf(
  { settings, store, services, ...others }: Parts,
  sessions: Sessions,
): AppSessionOptions {
  const watch = createSignInWatch(settings)
  return {
    ...others,
    cookies: others.appSessionCookies,
    store: store.sessions,
    revocations: store.revocations,
    clock: settings.clock,
    lifetime: persistentLifetimeOf(settings),
    ask: createAsk(settings),
    draft: ({ request, address }, { user: { ref, epochs }, methods }) =>
      sessions.draft({
        user: ref,
        epochs,
        userAgent: request.header('user-agent') ?? '',
        address,
        methods,
      }),
    async onSignIn(exchange, session, isNew) {
      if (!isNew) watch(session)
      const current = isNew ? undefined : session
      await completeBrowserSignIn(services(), session, { ...exchange, exchange, current })
    },
    emissionsOf: (exchange, session) => signInEmissions(services(), { ...exchange, exchange }, session),
  }
}

const createAsk =
  ({ appSessions, issuer, clock }: Settings): AppSessionOptions['ask'] =>
  ({ request }, provider) =>
    askApp(
      provider,
      () => clock.now(),
      () =>
        appSessions
          .get(provider)
          ?.current?.(toFetchRequest(request, new URL(issuer).origin), request.original),
    )
