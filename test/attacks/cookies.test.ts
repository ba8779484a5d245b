import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { formsIn, textIn } from '../support/html-form.ts'
import { authorizationUrl, formBody } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser } from '../support/server.ts'

const ISSUER = 'https://login.example'
const [SESSION, BROWSER] = ['consulate_session', 'consulate_browser'] as const

const server = await startServer()
const secure = await startServer({ issuer: ISSUER })
const [user, attacker] = [await server.addUser(), await server.addUser()]
const client = await server.addClient()
afterAll(() => Promise.all([server.close(), secure.close()]))

async function signedIn(who: TestUser): Promise<Browser> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), who)
  return browser
}

/** Returns the sign-in page for a Cookie header. */
const openWith = async (cookie: string): Promise<string> =>
  (await fetch(server.endpoint('/login'), { headers: { cookie } })).text()

describe('over https, only cookies with __Host- count, which no other host can set', () => {
  const value = { session: '', browser: '' }

  beforeAll(async () => {
    const newUser = await secure.addUser()
    const login = await secure.server.fetch(new Request(`${ISSUER}/login`))
    const cookie = login.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
    const fields = formsIn(await login.text())[0]?.fields ?? {}
    const body = formBody({ ...fields, username: newUser.email, password: newUser.password })
    const response = await secure.server.fetch(
      new Request(`${ISSUER}/login`, { method: 'POST', body, headers: { cookie } }),
    )
    value.session = /=([\w-]{43});/.exec(response.headers.getSetCookie()[0] ?? '')?.[1] ?? ''
    value.browser = secure.knownSecrets.add('cookie', cookie.split('=')[1] ?? '')
    expect(value.session).toHaveLength(43)
    secure.knownSecrets.add('cookie', value.session)
  })

  const isSignedIn = async (cookie: string): Promise<boolean> => {
    const response = await secure.server.fetch(new Request(`${ISSUER}/login`, { headers: { cookie } }))
    return textIn(await response.text()).includes("You're signed in")
  }

  test('accepts the right name', async () => {
    expect(await isSignedIn(`__Host-${SESSION}=${value.session}`)).toBe(true)
  })

  test.each([
    SESSION,
    `__Secure-${SESSION}`,
    `__host-${SESSION}`,
    `__HOST-${SESSION}`,
    `\u00a0__Host-${SESSION}`,
    `\u00e2\u0080\u0080__Host-${SESSION}`,
    ` x__Host-${SESSION}`,
    `=__Host-${SESSION}`,
    `__Host-${SESSION} `,
    `__Host-${SESSION}.x`,
    `__Host-consulate_Session`,
    `__Host-${BROWSER}`,
  ])('rejects %j', async (name) => {
    expect(await isSignedIn(`${name}=${value.session}`)).toBe(false)
  })

  test('rejects a form with a browser cookie without it', async () => {
    const send = async (name: string): Promise<number> => {
      const page = await secure.server.fetch(
        new Request(`${ISSUER}/login`, { headers: { cookie: `${name}=${value.browser}` } }),
      )
      const fields = formsIn(await page.text())[0]?.fields ?? {}
      const body = formBody({ ...fields, username: 'x@example.com', password: 'wrong password' })
      const request = { method: 'POST', body, headers: { cookie: `${name}=${value.browser}` } }
      const text = await (await secure.server.fetch(new Request(`${ISSUER}/login`, request))).text()
      return text.includes('Incorrect email or password') ? 403 : 400
    }
    expect(await send(`__Host-${BROWSER}`)).toBe(403)
    expect(await send(BROWSER)).toBe(400)
  })
})

describe('of two cookies with one name', () => {
  test('only the first counts', async () => {
    const [mine, theirs] = [await signedIn(user), await signedIn(attacker)]
    const [first, second] = [mine.cookies.get(SESSION) ?? '', theirs.cookies.get(SESSION) ?? '']
    const text = await openWith(`${SESSION}=${first}; ${SESSION}=${second}`)
    expect(text).toContain(user.email)
    expect(text).not.toContain(attacker.email)
    expect(await openWith(`${SESSION}=x; ${SESSION}=${first}`)).not.toContain(user.email)
  })

  test('an attacker who sets one cannot create forms for the other: the token is bound to the session too', async () => {
    const theirs = await signedIn(attacker)
    const page = await theirs.open(authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' }))
    const victim = await signedIn(user)
    const own = await victim.open(authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' }))
    victim.setCookie(BROWSER, theirs.cookies.get(BROWSER) ?? '')
    const planted = formOf(page, 'Allow').fields['csrf'] ?? ''
    const guests = formOf(await openBrowser(server).open('/login'), 'Sign in').fields['csrf'] ?? ''
    for (const csrf of [planted, guests]) {
      const response = await victim.press(own, 'Allow', { csrf })
      expect([response.status, response.url.origin]).toEqual([403, server.origin])
    }
  })
})

test('a form on another site does not sign users out: browsers send it without the cookie', async () => {
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const init = { method: 'POST', redirect: 'manual', headers } as const
  const response = await fetch(server.endpoint('/logout'), init)
  expect([response.status, response.headers.getSetCookie()]).toEqual([303, []])
  const browser = await signedIn(user)
  expect((await browser.open('/logout', { method: 'POST', headers })).status).toBe(403)
  expect((await browser.open('/login')).text).toContain("You're signed in")
})

describe('a changed cookie', () => {
  test.each<[string, (value: string) => string]>([
    ['in quotes', (value) => `"${value}"`],
    ['encoded', (value) => `%${value.charCodeAt(0).toString(16)}${value.slice(1)}`],
    ['with a suffix', (value) => `${value}.x`],
    ['cut off', (value) => value.slice(0, -1)],
    ['in upper case', (value) => value.toUpperCase()],
    ['empty', () => ''],
    ['very long', (value) => value.repeat(100)],
    ['SQL', () => "' or 1=1 --"],
    ['__proto__', () => '__proto__'],
  ])('%s signs nobody in', async (_, change) => {
    const browser = await signedIn(user)
    const text = await openWith(`${SESSION}=${change(browser.cookies.get(SESSION) ?? '')}`)
    expect(text).not.toContain(user.email)
  })
})

describe('the cookie of a session that was revoked', () => {
  test('is rejected at every endpoint', async () => {
    const browser = await signedIn(user)
    const address = authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' })
    const consent = await browser.open(address)
    const question = await browser.open(server.endpoint('/logout'))
    for (const { id } of await server.server.sessions.list(user)) await server.server.sessions.revoke(id)
    expect((await browser.open(server.endpoint('/login'))).text).not.toContain(user.email)
    expect((await browser.open(server.endpoint('/logout'))).text).toContain("You're signed out")
    expect((await browser.open(address)).url.pathname).toBe('/login')
    const silent = await browser.open(authorizationUrl(server, client, { prompt: 'none' }))
    expect(silent.url.searchParams.get('error')).toBe('login_required')
    expect((await browser.press(consent, 'Allow')).url.pathname).toBe('/login')
    expect((await browser.press(question, 'Sign out')).text).toContain("You're signed out")
  })

  test('stays invalid if the database is restored from a backup while the server runs', async () => {
    const browser = await signedIn(user)
    const [{ id } = { id: '' }] = await server.server.sessions.list(user)
    await server.server.sessions.revoke(id)
    using database = new DatabaseSync(server.file)
    database.prepare('update consulate_sessions set revoked_at = null where id = ?').run(id)
    expect((await browser.open(server.endpoint('/login'))).text).not.toContain(user.email)
  })

  test('stays invalid when the same user signs in again', async () => {
    const browser = await signedIn(user)
    const old = browser.cookies.get(SESSION) ?? ''
    await server.server.users.signOutEverywhere(user)
    await signedIn(user)
    expect(await openWith(`${SESSION}=${old}`)).not.toContain(user.email)
  })
})

test("an attacker cannot sign a victim in to the attacker's account: the form is bound to its browser", async () => {
  const [theirs, victim] = [openBrowser(server), openBrowser(server)]
  const login = await theirs.open(server.endpoint('/login'))
  await victim.open(server.endpoint('/login'))
  const response = await victim.signIn(login, attacker)
  expect(response.status).toBe(403)
  expect(victim.cookies.has(SESSION)).toBe(false)
})
