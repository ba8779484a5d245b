import type { ProviderOptions, SessionAdministration } from '../administration/sessions.ts'
import type { RequestLike } from '../lib/request-like.ts'
import type { CurrentSession } from '../sign-in/browser-sessions.ts'
import type { Acting, ActingChoice } from './acting.ts'
import type { TestBrowser } from './test-browser.ts'
import type { TestKit } from './test-kit.ts'

/** Returns sessions in which the user of `actingAs` is signed in to every browser that has no session of its own. */
export function actingSessions<Sessions extends Pick<SessionAdministration, 'current'>>(
  sessions: Sessions,
  { openBrowser }: Pick<TestKit, 'openBrowser'>,
  acting: Acting,
  mainProvider: string,
): Sessions {
  const browsers = new WeakMap<ActingChoice, Promise<TestBrowser | undefined>>()
  const find = async (
    choice: ActingChoice,
    options: ProviderOptions,
  ): Promise<CurrentSession | undefined> => {
    // Users who do not exist have tokens, but no sessions. Those of an app that has its own sessions have none either.
    const browser = browsers.get(choice) ?? openBrowser(choice.user).catch(() => undefined)
    browsers.set(choice, browser)
    const cookie = (await browser)?.cookie
    const current =
      cookie === undefined ? undefined : await sessions.current({ headers: { cookie } }, options)
    // It has expired, or was revoked. The next call signs the user in again.
    if (!current) browsers.delete(choice)
    return current && { ...current, cookies: [] }
  }
  return {
    ...sessions,
    async current(request: RequestLike, options: ProviderOptions = {}) {
      const current = await sessions.current(request, options)
      const { choice } = acting
      if (current || !isFor(choice, options.provider ?? mainProvider, mainProvider)) return current
      return (await find(choice, options)) ?? find(choice, options)
    },
  }
}

function isFor(choice: ActingChoice | undefined, provider: string, main: string): choice is ActingChoice {
  if (choice?.user === undefined) return false
  const { provider: own = main } = typeof choice.user === 'string' ? {} : choice.user
  return own === provider
}
