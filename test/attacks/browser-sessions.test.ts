import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError, OAuthError } from '../../src/index.ts'
import { appRequest, startInApp } from '../support/app-request.ts'
import { openBrowser, type Browser } from '../support/browser.ts'
import { authorizationUrl, callApi, getCodeFlowTokens } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import { startServer } from '../support/server.ts'
import { createUserTable } from '../support/user-table.ts'

const SESSION = 'consulate_session'
const LIMIT = { failures: 3, window: '15m' } as const

const server = await startServer({ throttle: { perAccount: LIMIT } })
const { sessions, attempt } = server.server
const [user, attacker] = [await server.addUser(), await server.addUser()]
const client = await server.addClient()
afterAll(server.close)

const withCookie = (value: string | undefined): Browser => {
  const browser = openBrowser(server)
  browser.setCookie(SESSION, value ?? '')
  return browser
}
const userOf = async (browser: Browser): Promise<unknown> =>
  (await sessions.current(appRequest(browser)))?.user.id

describe('session fixation:', () => {
  test('a value that an attacker planted never becomes a session', async () => {
    const planted = 'A'.repeat(43)
    const victim = withCookie(planted)
    await startInApp(server, victim, user)
    expect(victim.cookies.get(SESSION)).not.toBe(planted)
    expect(await userOf(withCookie(planted))).toBe(undefined)
  })

  test("an attacker's session that was planted in a victim's browser is revoked", async () => {
    const theirs = openBrowser(server)
    await startInApp(server, theirs, attacker)
    const victim = withCookie(theirs.cookies.get(SESSION))
    await startInApp(server, victim, user)
    expect(await userOf(victim)).toBe(user.id)
    expect(await userOf(theirs)).toBe(undefined)
  })

  test("a copy of the user's own earlier cookie stops working", async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user)
    const copy = withCookie(browser.cookies.get(SESSION))
    await startInApp(server, browser, user)
    expect([await userOf(browser), await userOf(copy)]).toEqual([user.id, undefined])
  })

  test('a form from before the sign-in does nothing', async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, attacker)
    const consent = await browser.open(authorizationUrl(server, client, { prompt: 'consent' }))
    await startInApp(server, browser, user)
    const page = await browser.press(consent, 'Allow')
    expect([page.url.origin, page.text]).toEqual([server.origin, expect.stringContaining(user.email)])
  })
})

test('the previous user of a browser loses the session and its tokens, but no other device', async () => {
  const [shared, phone] = [openBrowser(server), openBrowser(server)]
  const previous = await server.addUser()
  await startInApp(server, phone, previous)
  const flow = { server, browser: shared, user: previous, client }
  const { access_token: token } = await getCodeFlowTokens(flow)
  await startInApp(server, shared, user)
  expect((await callApi(server, '/me', token)).status).toBe(401)
  expect(await userOf(phone)).toBe(previous.id)
})

describe('a changed cookie', () => {
  test.each<[string, (value: string) => string]>([
    ['in quotes', (value) => `"${value}"`],
    ['cut off', (value) => value.slice(0, -1)],
    ['with a suffix', (value) => `${value}.x`],
    ['with a space in it', (value) => `${value.slice(0, 9)} ${value.slice(9)}`],
    ['in upper case', (value) => value.toUpperCase()],
    ['very long', (value) => value.repeat(500)],
    ['SQL', () => "' or 1=1 --"],
    ['a control character', () => '\u0000'],
    ['half of a surrogate pair', () => '\ud800'],
    ['the ID of the session', () => ''],
  ])('%s finds and ends nothing', async (what, change) => {
    const browser = openBrowser(server)
    const { id } = await startInApp(server, browser, user)
    const value = what.startsWith('the ID') ? id : change(browser.cookies.get(SESSION) ?? '')
    const other = withCookie(value)
    expect(await userOf(other)).toBe(undefined)
    await sessions.end(appRequest(other))
    expect(await userOf(browser)).toBe(user.id)
    await startInApp(server, other, attacker)
    expect([await userOf(browser), await userOf(other)]).toEqual([user.id, attacker.id])
  })

  test('under the name of another cookie does not sign in', async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user)
    const value = browser.cookies.get(SESSION) ?? ''
    for (const name of [`__Host-${SESSION}`, `x${SESSION}`, SESSION.toUpperCase(), `${SESSION}.customers`])
      expect(await sessions.current({ headers: { cookie: `${name}=${value}` } })).toBe(undefined)
  })
})

describe('a request from another site', () => {
  const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }

  test('does not sign out, neither by a link nor by a form', async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user)
    await expect(sessions.end(appRequest(browser, crossSite))).rejects.toMatchObject({
      code: 'access_denied',
      status: 403,
    })
    // Older browsers don't send Sec-Fetch-Site. No browser sends the cookie with a form of another site.
    expect(await sessions.end({ headers: { origin: 'https://evil.example' } })).toEqual({ cookies: [] })
    expect(await userOf(browser)).toBe(user.id)
  })

  test('can complete a sign-in, as form_post and SAML do, without renewing an earlier session', async () => {
    const browser = openBrowser(server)
    const before = await startInApp(server, browser, user)
    const { session, cookies } = await sessions.start(attacker, { request: { headers: crossSite } })
    browser.receive(cookies)
    expect(session.id).not.toBe(before.id)
    expect(await userOf(browser)).toBe(attacker.id)
  })
})

test("the cookie of one provider is not accepted as another's, and their sign-outs are separate", async () => {
  await using two = await startTwoProviders()
  const { users, customers } = await two.addUsersWithSameId()
  const { sessions: both } = two.server.server
  const other = { provider: 'customers' as never }
  const browser = openBrowser(two.server)
  const session = await startInApp(two.server, browser, { id: customers.id, provider: 'customers' })
  expect(session.provider).toBe('customers')
  expect(await both.current(appRequest(browser))).toBe(undefined)
  const value = browser.cookies.get(`${SESSION}.customers`) ?? ''
  expect(await both.current({ headers: { cookie: `${SESSION}=${value}` } })).toBe(undefined)
  await startInApp(two.server, browser, users)
  browser.receive((await both.end(appRequest(browser))).cookies)
  expect(await both.current(appRequest(browser), other)).toMatchObject({ user: { id: customers.id } })
  browser.receive((await both.end(appRequest(browser), other)).cookies)
  expect(await both.current(appRequest(browser), other)).toBe(undefined)
})

test('two issuers on one host have separate sessions', async () => {
  await using first = await startServer({ path: '/one' })
  await using second = await startServer({ path: '/two' })
  const browser = openBrowser(first)
  const [ada, bob] = [await first.addUser(), await second.addUser()]
  await startInApp(first, browser, ada)
  await startInApp(second, browser, bob)
  const request = appRequest(browser)
  expect(await first.server.sessions.current(request)).toMatchObject({ user: { id: ada.id } })
  expect(await second.server.sessions.current(request)).toMatchObject({ user: { id: bob.id } })
  browser.receive((await first.server.sessions.end(request)).cookies)
  expect(await second.server.sessions.current(appRequest(browser))).toMatchObject({ user: { id: bob.id } })
})

test('over https, every cookie has __Host- and Secure, and no other name counts', async () => {
  await using secure = await startServer({ issuer: 'https://id.example' })
  const options = { request: { headers: {} }, keepSignedIn: true }
  const { cookies } = await secure.server.sessions.start(await secure.addUser(), options)
  for (const cookie of cookies) expect(cookie).toMatch(/^__Host-consulate_\w+=[\w.-]+; Path=\/; .*; Secure$/)
  const value = /^__Host-consulate_session=([^;]+)/.exec(cookies[0] ?? '')?.[1] ?? ''
  secure.knownSecrets.add('cookie', value)
  expect(await secure.server.sessions.current({ headers: { cookie: `${SESSION}=${value}` } })).toBe(undefined)
})

test('a user who is signed out everywhere while signing in gets no session', async () => {
  const table = createUserTable([{ id: '7', email: 'ada@example.com', password: '' }])
  await using own = await startServer({
    users: {
      ...table.provider,
      async find(id) {
        await own.server.users.signOutEverywhere(id)
        return table.provider.find(id)
      },
    },
  })
  const error = await startInApp(own, openBrowser(own), '7').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ConfigError)
  expect(String(error)).toContain('was signed out everywhere in the meantime')
  expect(await own.server.sessions.list('7')).toEqual([])
})

test('headers of the request add no cookie or header to the response', async () => {
  const headers = {
    'user-agent': 'Evil\r\nSet-Cookie: a=b',
    'x-forwarded-for': '1.1.1.1\r\nSet-Cookie: a=b',
    cookie: `${SESSION}=a\r\nb; consulate_browser=x\r\nSet-Cookie: a=b; consulate_device=c\r\nd`,
  }
  const { cookies } = await sessions.start(user, { request: { headers }, keepSignedIn: true })
  for (const cookie of cookies) expect(cookie).toMatch(/^consulate_\w+=[\w.-]+; [\w=;/ -]+$/)
})

describe("guesses at a code of the app's own sign-in", () => {
  const guess = (account: string, isRight: boolean, browser = openBrowser(server), of?: string) =>
    attempt({ request: appRequest(browser), account, user: of }, async () => isRight)

  test('are limited per account, from any address and in any spelling', async () => {
    for (let count = 0; count < LIMIT.failures; count += 1)
      expect(await guess(count % 2 ? 'code:ada' : 'code:Ádá', false)).toBe(false)
    const error = await guess('code:ADA', true).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OAuthError)
    expect(error).toMatchObject({ code: 'too_many_requests', status: 429 })
    expect((error as OAuthError).headers['Retry-After']).toMatch(/^\d+$/)
    expect(await guess('code:bob', true)).toBe(true)
  })

  test('cannot exceed the limit in parallel', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => guess('code:cy', false)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMIT.failures)
  })

  test('by strangers do not lock out a browser that signed in before', async () => {
    const home = openBrowser(server)
    await startInApp(server, home, user)
    for (let count = 0; count < LIMIT.failures; count += 1)
      await guess('code:home', false, openBrowser(server), user.id)
    await expect(guess('code:home', true, openBrowser(server), user.id)).rejects.toThrow(OAuthError)
    expect(await guess('code:home', true, home, user.id)).toBe(true)
    await expect(guess('code:home', true, home)).rejects.toThrow(OAuthError)
  })

  test('are limited per address, whatever the account is', async () => {
    await using other = await startServer({ throttle: { perAddress: LIMIT } })
    const guessFrom = (peer: string, account: string) =>
      other.server.attempt({ request: { headers: {}, peer }, account }, async () => false)
    for (const account of ['code:a', 'code:b', 'code:c']) await guessFrom('203.0.113.9', account)
    await expect(guessFrom('203.0.113.9', 'code:d')).rejects.toThrow(OAuthError)
    expect(await guessFrom('203.0.113.10', 'code:d')).toBe(false)
  })

  test('need an account and a request', async () => {
    await expect(guess('', true)).rejects.toThrow(ConfigError)
    await expect(attempt({ account: 'code:a' } as never, async () => true)).rejects.toThrow(ConfigError)
  })
})
