import type { RequestLike, SessionInfo, StartSessionOptions, UserLike } from '../../src/index.ts'
import type { Browser } from './browser.ts'
import type { TestServer } from './server.ts'

/** A request of a browser to a route of the app. */
export const appRequest = (
  { cookies }: Pick<Browser, 'cookies'>,
  headers: Readonly<Record<string, string>> = {},
): RequestLike => ({
  headers: {
    'user-agent': 'Firefox/140.0 (X11; Linux x86_64)',
    cookie: [...cookies].map((pair) => pair.join('=')).join('; '),
    ...headers,
  },
  peer: '192.0.2.7',
})

/** Signs a user in by the app's own sign-in. The browser keeps the cookies. */
export async function startInApp(
  { server }: Pick<TestServer, 'server'>,
  browser: Browser,
  user: UserLike,
  options: Partial<StartSessionOptions> = {},
): Promise<SessionInfo> {
  const { session, cookies } = await server.sessions.start(user, { request: appRequest(browser), ...options })
  browser.receive(cookies)
  return session
}
