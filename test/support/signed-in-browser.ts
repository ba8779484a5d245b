import { openBrowser } from './browser.ts'
import type { Browser, Destination } from './browser.ts'
import type { TestServer, TestUser } from './server.ts'

/** User agents of real browsers. */
export const USER_AGENTS = {
  laptop: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  phone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  desktop:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
} as const

/** A browser in which a user is signed in. */
export interface SignedInBrowser {
  readonly browser: Browser
  /** The ID of its session. */
  readonly id: string
}

/** Signs in with a browser that identifies itself by a user agent. */
export async function signInWith(
  server: TestServer,
  user: TestUser,
  userAgent: string = USER_AGENTS.laptop,
  signInPath = '/login',
): Promise<SignedInBrowser> {
  const send: Destination['send'] = (url, init) => {
    const headers = new Headers(init.headers)
    headers.set('user-agent', userAgent)
    return fetch(url, { ...init, headers })
  }
  const browser = openBrowser({ ...server, send })
  const since = server.events.length
  await browser.signIn(await browser.open(server.endpoint(signInPath)), user)
  const started = server.events.slice(since).find(({ name }) => name === 'session.started')
  return { browser, id: String(started?.payload['sessionId']) }
}
