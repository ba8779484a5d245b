import { afterAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { authorizationUrl } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const KEEP = { keep_signed_in: 'yes' }
const MONTH = 30 * 24 * 60 * 60
const [SESSION, BROWSER] = ['consulate_session', 'consulate_browser'] as const

const server = await startServer()
const user = await server.addUser()
afterAll(server.close)

async function signIn(
  fields: Readonly<Record<string, string>> = {},
  at: TestServer = server,
): Promise<Browser> {
  const browser = openBrowser(at)
  const page = await browser.open(at.endpoint('/login'))
  const { email, password } = at === server ? user : await at.addUser()
  await browser.press(page, 'Sign in', { username: email, password, ...fields })
  return browser
}

async function onlySession() {
  const [session] = await server.server.sessions.list(user)
  if (!session) throw new Error('There is no session')
  return session
}

const isSignedIn = async (browser: Browser, at: TestServer = server): Promise<boolean> =>
  (await browser.open(at.endpoint('/login'))).text.includes("You're signed in")

/** The `Max-Age` of the last cookie with this name that the browser was sent; undefined if it ends with the browser. */
function maxAgeOf({ setCookies }: Browser, name: string): number | undefined {
  const cookie = setCookies.findLast((text) => text.startsWith(`${name}=`))
  const age = /; Max-Age=(\d+)/.exec(cookie ?? '')?.[1]
  return age === undefined ? undefined : Number(age)
}

describe('without "Keep me signed in"', () => {
  test.each([{}, { keep_signed_in: '' }, { keep_signed_in: 'no' }])(
    'the session ends with the browser: %j',
    async (fields) => {
      const browser = await signIn(fields)
      expect([maxAgeOf(browser, SESSION), maxAgeOf(browser, BROWSER)]).toEqual([undefined, undefined])
      server.clock.advance('2m')
      expect(await isSignedIn(browser)).toBe(true)
      expect(maxAgeOf(browser, SESSION)).toBeUndefined()
      browser.restart()
      expect(await isSignedIn(browser)).toBe(false)
    },
  )
})

describe('with "Keep me signed in"', () => {
  test('the session outlives the browser', async () => {
    const browser = await signIn(KEEP)
    expect([maxAgeOf(browser, SESSION), maxAgeOf(browser, BROWSER)]).toEqual([MONTH, MONTH])
    browser.restart()
    expect(await isSignedIn(browser)).toBe(true)
  })

  test('forms that were open before the browser was closed still work', async () => {
    const browser = await signIn(KEEP)
    const client = await server.addClient()
    const consent = await browser.open(authorizationUrl(server, client))
    browser.restart()
    // Tabs that are restored together must not overwrite each other's cookie.
    await browser.open(server.endpoint('/logout'))
    expect((await browser.press(consent, 'Allow')).url.searchParams.get('code')).toMatch(/./)
  })

  test('use extends the session, and its cookie is set again at most once a minute', async () => {
    const browser = await signIn(KEEP)
    const sent = browser.setCookies.length
    await isSignedIn(browser)
    expect(browser.setCookies).toHaveLength(sent)
    for (let month = 0; month < 3; month += 1) {
      server.clock.advance('29d')
      expect(await isSignedIn(browser)).toBe(true)
      expect(browser.setCookies).toHaveLength(sent + month + 1)
      expect(maxAgeOf(browser, SESSION)).toBe(MONTH)
    }
    server.clock.advance('31d')
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('signing out deletes the cookie', async () => {
    const browser = await signIn(KEEP)
    server.clock.advance('2m')
    await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
    expect(browser.cookies.has(SESSION)).toBe(false)
  })

  test('the choice holds until the next sign-in on the same device', async () => {
    const browser = await signIn(KEEP)
    await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), user)
    expect(maxAgeOf(browser, SESSION)).toBeUndefined()
    browser.restart()
    expect(await isSignedIn(browser)).toBe(false)
  })

  test.each<[string, () => Promise<unknown>]>([
    ['was revoked', async () => server.server.sessions.revoke((await onlySession()).id)],
    ['was signed out everywhere', () => server.server.users.signOutEverywhere(user)],
  ])(
    'a session that %s stays revoked, even after the revocation is no longer in the feed',
    async (_how, revoke) => {
      await server.server.users.signOutEverywhere(user)
      const browser = await signIn(KEEP)
      await revoke()
      expect(await isSignedIn(browser)).toBe(false)
      server.clock.advance('2d')
      // The feed always has its newest entry, whatever its age.
      await server.server.users.signOutEverywhere(await server.addUser())
      await using later = await startServer({ file: server.file, clock: server.clock })
      const restored = openBrowser(later)
      restored.setCookie(SESSION, browser.cookies.get(SESSION) ?? '')
      expect(await isSignedIn(restored, later)).toBe(false)
      expect(browser.setCookies.filter((text) => text.startsWith(`${SESSION}=`))).toHaveLength(1)
    },
  )
})

describe('the checkbox', () => {
  const checkedOn = async (
    at: TestServer,
    fields?: Readonly<Record<string, string>>,
  ): Promise<string | undefined> => {
    const browser = openBrowser(at)
    const page = await browser.open(at.endpoint('/login'))
    if (!fields) return formOf(page, 'Sign in').fields['keep_signed_in']
    const response = await browser.press(page, 'Sign in', {
      username: 'x@example.com',
      password: 'x',
      ...fields,
    })
    return formOf(response, 'Sign in').fields['keep_signed_in']
  }

  test('is unchecked by default, and keeps its state after a failed sign-in', async () => {
    expect(await checkedOn(server)).toBeUndefined()
    expect(await checkedOn(server, KEEP)).toBe('yes')
    expect(await checkedOn(server, {})).toBeUndefined()
  })

  test('can be checked by default, with another lifetime', async () => {
    await using other = await startServer({ keepSignedIn: { checked: true, lifetime: '7d' } })
    expect(await checkedOn(other)).toBe('yes')
    expect(maxAgeOf(await signIn(KEEP, other), SESSION)).toBe(7 * 24 * 60 * 60)
  })

  test('can be removed; then every session ends with the browser', async () => {
    await using other = await startServer({ keepSignedIn: 'off' })
    expect((await openBrowser(other).open(other.endpoint('/login'))).body).not.toContain('keep_signed_in')
    expect(maxAgeOf(await signIn(KEEP, other), SESSION)).toBeUndefined()
  })
})
