import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { callApi, authorizationUrl, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const SHOP = 'https://shop.example'

const server = await startServer({ returnOrigins: [SHOP, 'http://127.0.0.1:9000'] })
const user = await server.addUser()
const ours = await server.addClient({ name: 'Ours' })
const theirs = await server.addClient({ name: 'Theirs', ownerId: 'owner' })
afterAll(server.close)

async function signOut(browser: Browser) {
  return browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
}

test('signing out revokes the session and first-party tokens immediately, but not third-party ones', async () => {
  const browser = openBrowser(server)
  const first = { server, browser, user, client: ours }
  const third = { server, browser, user, client: theirs }
  const [mine, foreign] = [await getCodeFlowTokens(first), await getCodeFlowTokens(third)]
  const page = await signOut(browser)
  expect(page.text).toContain("You're signed out")
  expect((await callApi(server, '/me', mine.access_token)).body['error_description']).toBe('Token revoked')
  expect((await refresh(first, mine.refresh_token)).body['error']).toBe('invalid_grant')
  expect((await callApi(server, '/me', foreign.access_token)).status).toBe(200)
  expect((await refresh(third, foreign.refresh_token)).status).toBe(200)
  expect((await browser.open(authorizationUrl(server, ours))).url.pathname).toBe('/login')
})

test("signing out on one device leaves the user's other devices signed in", async () => {
  const devices = ['phone', 'tablet', 'desk'].map(() => ({
    server,
    browser: openBrowser(server),
    user,
    client: ours,
  }))
  const tokens = []
  for (const device of devices) tokens.push(await getCodeFlowTokens(device))
  await signOut((devices[0] ?? { browser: openBrowser(server) }).browser)
  const responses = await Promise.all(tokens.map(({ access_token: token }) => callApi(server, '/me', token)))
  expect(responses.map(({ status }) => status)).toEqual([401, 200, 200])
})

test('the same user signing in again keeps the session and its tokens, with a new cookie', async () => {
  const browser = openBrowser(server)
  const { access_token: token } = await getCodeFlowTokens({ server, browser, user, client: ours })
  const before = new Map(browser.cookies)
  await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), user)
  expect((await callApi(server, '/me', token)).status).toBe(200)
  expect([...browser.cookies]).not.toEqual([...before])
  const thief = openBrowser(server)
  for (const [name, value] of before) thief.setCookie(name, value)
  expect((await thief.open(server.endpoint('/login'))).forms).toHaveLength(1)
})

test("another user signing in on the device revokes the first user's session and tokens", async () => {
  const browser = openBrowser(server)
  const { access_token: token } = await getCodeFlowTokens({ server, browser, user, client: ours })
  await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), await server.addUser())
  expect((await callApi(server, '/me', token)).status).toBe(401)
})

test('signing out deletes the session cookie', async () => {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  expect(browser.cookies.has('consulate_session')).toBe(true)
  await signOut(browser)
  expect(browser.cookies.has('consulate_session')).toBe(false)
  expect(browser.setCookies.at(-1)).toBe('consulate_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0')
})

test('the revocation of a session names the request that caused it, and each sign-out is an event', async () => {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  const form = await browser.open(server.endpoint('/login?prompt=login'))
  const since = server.events.length
  const other = await server.addUser()
  await browser.signIn(form, other)
  await signOut(browser)
  const written = server.events.slice(since).filter(({ name }) => name === 'revocation.written')
  expect(written).toHaveLength(2)
  const ended = server.events.slice(since).filter(({ name }) => name === 'session.ended')
  const sessionId = expect.any(String) as string
  expect(ended.map(({ payload }) => payload)).toEqual([
    { requestId: written[0]?.payload['requestId'], sub: user.id, sessionId, reason: 'replaced' },
    { requestId: written[1]?.payload['requestId'], sub: other.id, sessionId, reason: 'sign_out' },
  ])
  for (const { payload } of written) expect(payload['requestId']).toMatch(/^[\da-f-]{36}$/)
})

test('a copy of the cookie is rejected after signing out', async () => {
  const [browser, thief] = [openBrowser(server), openBrowser(server)]
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  for (const [name, value] of browser.cookies) thief.setCookie(name, value)
  expect((await thief.open(server.endpoint('/login'))).text).toContain(user.email)
  await signOut(browser)
  expect((await thief.open(server.endpoint('/login'))).forms).toHaveLength(1)
})

test('signing out twice is harmless', async () => {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  const question = await browser.open(server.endpoint('/logout'))
  expect((await browser.press(question, 'Sign out')).text).toContain("You're signed out")
  expect((await browser.press(question, 'Sign out')).text).toContain("You're signed out")
})

test('signing out everywhere revokes every session and token of this user only', async () => {
  const neighbor = await server.addUser()
  const visits = [user, user, neighbor].map((who) => ({
    server,
    browser: openBrowser(server),
    user: who,
    client: theirs,
  }))
  const tokens = []
  for (const visit of visits) tokens.push(await getCodeFlowTokens(visit))
  await server.server.users.signOutEverywhere(user)
  const responses = await Promise.all(tokens.map(({ access_token: token }) => callApi(server, '/me', token)))
  expect(responses.map(({ status }) => status)).toEqual([401, 401, 200])
  expect(await server.server.sessions.list(user)).toEqual([])
  expect(await server.server.authorizations.list(user)).toEqual([])
  const afterwards = await getCodeFlowTokens({ server, browser: openBrowser(server), user, client: theirs })
  expect((await callApi(server, '/me', afterwards.access_token)).status).toBe(200)
})

test('revoking a session from another device revokes its tokens', async () => {
  const visit = { server, browser: openBrowser(server), user, client: ours }
  const tokens = await getCodeFlowTokens(visit)
  const { body } = await callApi(server, '/me', tokens.access_token)
  expect(await server.server.sessions.revoke(String(body['sessionId']))).toBe(true)
  expect((await callApi(server, '/me', tokens.access_token)).status).toBe(401)
  expect((await visit.browser.open(server.endpoint('/login'))).forms).toHaveLength(1)
})

test('a session expires after its lifetime without use, and use extends it', async () => {
  await using brief = await startServer({ sessionLifetime: '1h' })
  const newUser = await brief.addUser()
  const browser = openBrowser(brief)
  await browser.signIn(await browser.open(brief.endpoint('/login')), newUser)
  for (let count = 0; count < 3; count += 1) {
    brief.clock.advance('50m')
    expect((await browser.open(brief.endpoint('/login'))).text).toContain(newUser.email)
  }
  brief.clock.advance('61m')
  expect((await browser.open(brief.endpoint('/login'))).forms).toHaveLength(1)
})

describe('return_to', () => {
  const logoutUrl = (returnTo: string): string =>
    `/logout?${new URLSearchParams({ return_to: returnTo }).toString()}`

  async function signedIn(): Promise<Browser> {
    const browser = openBrowser(server)
    await browser.signIn(await browser.open('/login'), user)
    return browser
  }

  test.each([`${SHOP}/bye?from=%2F#top`, SHOP, 'http://127.0.0.1:9000/', `${server.origin}/home`])(
    'leads back to a registered origin after the sign-out: %s',
    async (returnTo) => {
      const browser = await signedIn()
      const page = await browser.open(logoutUrl(returnTo))
      expect(page.headers.get('content-security-policy')).toMatch(/form-action 'self'.* https:/)
      const end = await browser.press(page, 'Sign out')
      expect(end.url.href).toBe(new URL(returnTo).href)
      expect((await browser.open('/login')).text).not.toContain(user.email)
    },
  )

  test('leads guests back immediately', async () => {
    expect((await openBrowser(server).open(logoutUrl(`${SHOP}/bye`))).url.href).toBe(`${SHOP}/bye`)
  })

  test('leads back if the form is submitted twice', async () => {
    const browser = await signedIn()
    const page = await browser.open(logoutUrl(SHOP))
    for (let count = 0; count < 2; count += 1)
      expect((await browser.press(page, 'Sign out')).url.origin).toBe(SHOP)
  })

  test('to another origin shows our own page', async () => {
    const browser = await signedIn()
    const page = await browser.open(logoutUrl('https://other.example/'))
    expect(page.body).not.toContain('other.example')
    expect((await browser.press(page, 'Sign out')).text).toContain("You're signed out")
  })
})
