import { afterAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import {
  requestToken,
  authorizationUrl,
  authorize,
  getCode,
  getCodeFlowTokens,
  returnToOf,
} from '../support/oauth-client.ts'
import { startTwoProviders, codeFlowOf } from '../support/providers.ts'
import type { ProviderSetup, ProviderName } from '../support/providers.ts'
import { decodeToken, signToken } from '../support/forge.ts'
import { lines, statusesIn, sendRaw } from './wire.ts'

const two = await startTwoProviders()
const { server, sides } = two
afterAll(() => two[Symbol.asyncDispose]())

const COOKIES: Readonly<Record<ProviderName, string>> = {
  users: 'consulate_session',
  customers: 'consulate_session.customers',
}
/** The thief is a user of one provider, with the id and user name of a user of the other. */
const PAIRS = [
  [sides.users, sides.customers],
  [sides.customers, sides.users],
] as const
const named = PAIRS.map(([thief, victim]) => [thief.name, victim.name, thief, victim] as const)

async function signedIn(...those: readonly ProviderSetup[]): Promise<Browser> {
  const browser = openBrowser(server)
  for (const side of those) await browser.signIn(await browser.open(side.signIn), side.user)
  return browser
}

const isSignedIn = async (browser: Browser, side: ProviderSetup): Promise<boolean> =>
  (await browser.open(side.signIn)).text.includes("You're signed in")

const askingUrl = (side: ProviderSetup): string =>
  authorizationUrl(server, side.client, { scope: 'profile', prompt: 'consent' })

describe.each(named)('one of the %s, with their cookie,', (_thief, _victim, thief, victim) => {
  test('is not signed in under the name of the other cookie', async () => {
    const browser = await signedIn(thief)
    browser.setCookie(COOKIES[victim.name], browser.cookies.get(COOKIES[thief.name]) ?? '')
    expect(await isSignedIn(browser, victim)).toBe(false)
    expect((await browser.open(victim.signOut)).text).toContain("You're signed out")
    const silent = await browser.open(authorizationUrl(server, victim.client, { prompt: 'none' }))
    expect(silent.url.searchParams.get('error')).toBe('login_required')
    expect(await isSignedIn(browser, thief)).toBe(true)
  })

  test('cannot plant it: signing in on the other page starts a new session', async () => {
    const planted = (await signedIn(thief)).cookies.get(COOKIES[thief.name]) ?? ''
    const browser = openBrowser(server)
    browser.setCookie(COOKIES[victim.name], planted)
    await browser.signIn(await browser.open(victim.signIn), victim.user)
    expect(browser.cookies.get(COOKIES[victim.name])).not.toBe(planted)
    const watcher = openBrowser(server)
    for (const cookie of Object.values(COOKIES)) watcher.setCookie(cookie, planted)
    expect(await isSignedIn(watcher, victim)).toBe(false)
    const of = (side: ProviderSetup) => server.server.sessions.list({ id: side.user.id, provider: side.name })
    const ids = new Set((await of(victim)).map(({ id }) => id))
    expect((await of(thief)).filter(({ id }) => ids.has(id))).toEqual([])
  })

  test('is not redirected to the other provider by return_to, and sees no client of it', async () => {
    const returnTo = await returnToOf(server, authorizationUrl(server, victim.client, { scope: 'profile' }))
    const address = `${thief.signIn}?return_to=${returnTo}`
    const browser = openBrowser(server)
    const page = await browser.open(address)
    expect(page.text).not.toContain(new URL(victim.client.redirectUri).host)
    const end = await browser.signIn(page, thief.user)
    expect(end.url.origin + end.url.pathname).toBe(thief.signIn)
    const signedInAlready = await browser.open(address)
    expect(signedInAlready.url.origin + signedInAlready.url.pathname).toBe(thief.signIn)
  })

  test("cannot use the CSRF token of their own pages on the other's", async () => {
    const browser = await signedIn(thief, victim)
    const mine = formOf(await browser.open(thief.signOut), 'Sign out').fields['csrf'] ?? ''
    const question = await browser.open(victim.signOut)
    expect((await browser.press(question, 'Sign out', { csrf: mine })).status).toBe(403)
    const again = await browser.open(`${victim.signIn}?prompt=login`)
    const fields = { username: victim.user.email, password: victim.user.password, csrf: mine }
    expect((await browser.press(again, 'Sign in', fields)).text).toContain('Your session timed out')
    const consent = await browser.open(askingUrl(victim))
    expect((await browser.press(consent, 'Allow', { csrf: mine })).status).toBe(403)
    expect(await isSignedIn(browser, victim)).toBe(true)
  })

  test('cannot answer a consent page of the other provider', async () => {
    const browser = await signedIn(victim)
    const consent = await browser.open(askingUrl(victim))
    const own = await signedIn(thief)
    own.setCookie('consulate_browser', browser.cookies.get('consulate_browser') ?? '')
    own.setCookie(COOKIES[victim.name], own.cookies.get(COOKIES[thief.name]) ?? '')
    const end = await own.press(consent, 'Allow')
    expect(end.url.origin + end.url.pathname).toBe(victim.signIn)
  })

  test('cannot redeem a code of the other provider, and does not spend it', async () => {
    const { exchange } = await getCode(codeFlowOf(two, victim))
    expect((await requestToken(server, thief.client, exchange)).body['error']).toBe('invalid_grant')
    expect((await requestToken(server, victim.client, exchange)).status).toBe(200)
  })

  test('is not treated as the other because of a provider in the request', async () => {
    const browser = openBrowser(server)
    const wish = { provider: victim.name }
    const page = await browser.open(`${thief.signIn}?provider=${victim.name}`)
    const { email: username, password } = thief.user
    const end = await browser.press(page, 'Sign in', { ...wish, username, password })
    expect(end.text).toContain("You're signed in")
    expect(await isSignedIn(browser, victim)).toBe(false)
    const other = await authorize(browser, authorizationUrl(server, victim.client, { provider: thief.name }))
    expect(other.url.origin + other.url.pathname).toBe(victim.signIn)
    const { exchange } = await getCode(codeFlowOf(two, thief, browser))
    const { body } = await requestToken(server, thief.client, { ...exchange, ...wish })
    expect(decodeToken(String(body['access_token'])).payload['provider']).toBe(thief.name)
  })
})

describe('a token whose provider was tampered with', () => {
  test.each(named)('from %s to %s is rejected', async (_from, to, thief, victim) => {
    const { access_token: token } = await getCodeFlowTokens(codeFlowOf(two, thief))
    const [header, , signature] = token.split('.')
    const { payload } = decodeToken(token)
    const { sub } = decodeToken((await getCodeFlowTokens(codeFlowOf(two, victim))).access_token).payload
    for (const claims of [
      { ...payload, provider: to },
      { ...payload, provider: to, sub },
    ]) {
      const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
      expect((await victim.callApi('/me', `${header}.${body}.${signature}`)).status).toBe(401)
    }
  })

  test.each<unknown>([
    'Customers',
    'customers ',
    'customer',
    '',
    null,
    ['customers'],
    { customers: true },
    '__proto__',
  ])('to %j is rejected everywhere, although our own key signed it', async (provider) => {
    const { header, payload } = decodeToken(
      (await getCodeFlowTokens(codeFlowOf(two, sides.customers))).access_token,
    )
    const token = signToken({ header, payload: { ...payload, provider } })
    for (const side of Object.values(sides))
      for (const path of ['/me', '/anyone']) expect((await side.callApi(path, token)).status).toBe(401)
  })
})

describe('a page needs the exact name of its provider', () => {
  test.each([
    '/login/unknown',
    '/login/users.ts',
    '/login/Customers',
    '/login/customers/',
    '/login//customers',
    '/login/customers%2f',
    '/login/custo%6ders',
    '/login/./customers/..',
    '/login/__proto__',
    '/login/constructor',
    '/logout/unknown',
    '/customers/login',
  ])('%s is not found', async (path) => {
    // Sent over a raw socket: `URL` would normalize the path.
    const response = await sendRaw(
      server,
      lines(`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', '', ''),
    )
    expect(statusesIn(response)).toEqual([404])
  })
})
