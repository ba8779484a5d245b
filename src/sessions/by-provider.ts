import type { AppSessionState, ProviderCookie, ReadAppSession } from './from-app.ts'
import { sessionCookieName, type CookieExchange, type CookiePolicy } from './cookies.ts'
import type { Sessions } from './sessions.ts'

/** The providers whose app says who is signed in, and how to ask it. */
export interface AppSessionsOfProviders {
  /** The names of these providers. */
  readonly providers: ReadonlySet<string>
  readonly read: ReadAppSession
  readonly cookies: CookiePolicy
  /** The provider whose cookie has no name added. */
  readonly provider: string
}

/** Returns sessions that ask the app who is signed in, for some providers. The app is asked once per request. */
export function withAppSessions(sessions: Sessions, options: AppSessionsOfProviders): Sessions {
  const { providers, read } = options
  const cookieOf = ({ newCookies }: CookieExchange, provider: string): ProviderCookie => {
    const name = sessionCookieName(options.cookies, provider, options.provider)
    return {
      name,
      set: (value) => void newCookies.set(name, { value }),
      clear: () => void newCookies.set(name, { value: '', maxAge: 0 }),
    }
  }
  /** By the cookies of a response: copies of an exchange share them. */
  const states = new WeakMap<object, Map<string, Promise<AppSessionState>>>()
  const stateOf = (exchange: CookieExchange, provider: string): Promise<AppSessionState> => {
    const known = states.get(exchange.newCookies) ?? new Map<string, Promise<AppSessionState>>()
    states.set(exchange.newCookies, known)
    const state = known.get(provider) ?? read(exchange, provider, cookieOf(exchange, provider))
    known.set(provider, state)
    return state
  }
  return {
    ...sessions,
    async current(exchange, provider) {
      if (!providers.has(provider)) return sessions.current(exchange, provider)
      const state = await stateOf(exchange, provider)
      return state.kind === 'signed-in' ? state.session : undefined
    },
    mustSignInAgain: async (exchange, provider) =>
      providers.has(provider) && (await stateOf(exchange, provider)).kind === 'refused',
    // The cookie of an app session proves nothing, so copies of it are harmless.
    renewCookie: async (exchange, session) =>
      session.appSessionHash !== null || sessions.renewCookie(exchange, session),
  }
}
