import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { AppUser } from '../../src/index.ts'
import { formOf } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { withOtherCharacter } from '../support/forge.ts'
import { authorizationUrl, requestToken } from '../support/oauth-client.ts'
import { lastRequestLine } from '../support/request-log.ts'
import { enterShop, openShopBrowser, shopSessionOf, signInAgain } from '../support/shop-browser.ts'
import { startShop } from '../support/shop.ts'

type TellMember = (request: Request) => Promise<AppUser | undefined> | AppUser | undefined
let tellMember: TellMember = () => undefined
const shop = await startShop({
  appSession: { signOutUrl: '/sign-out' },
  returnOrigins: ['https://shop.example'],
  providers: {
    members: {
      find: async (id) => ({ id }),
      appSession: { signInUrl: '/members', current: (request) => tellMember(request) },
    },
  },
})
const { server } = shop
const { sessions } = server.server
const { tell } = shop
afterAll(shop.close)
beforeEach(() => {
  tellMember = () => undefined
  Object.assign(shop, { tell, nextUser: undefined })
  shop.visits.length = 0
})

/** The `return_to` that the shop received last. */
const lastReturnTo = (): string => shop.visits.at(-1)?.searchParams.get('return_to') ?? ''

/** Starts an authorization that ends at the shop's sign-in page. Returns its `return_to`. */
async function startSignIn(browser: Browser, parameters = {}): Promise<string> {
  await browser.open(authorizationUrl(server, await server.addClient(), parameters))
  return lastReturnTo()
}

const signedValueOf = (returnTo: string): string => new URL(returnTo).searchParams.get('return_to') ?? ''

/** Returns the time of the request for a forced sign-in, which `return_to` carries. */
function requestTimeOf(returnTo: string): number {
  const [body = ''] = signedValueOf(returnTo).split('.')
  const text = inflateRawSync(Buffer.from(body, 'base64url')).toString()
  const [, { after }] = JSON.parse(text) as [expiresAt: number, value: { after: number }]
  return after
}

const withValue = (value: string, path = '/login'): string =>
  `${server.endpoint(path)}?${new URLSearchParams({ return_to: value }).toString()}`

describe('a return_to', () => {
  test.each([
    ['that is altered', (value: string) => withOtherCharacter(value, 5)],
    ['with another signature', (value: string) => `${value.split('.')[0]}.${'A'.repeat(43)}`],
    ['without a signature', (value: string) => value.split('.')[0] ?? ''],
    ['that is a path', () => '/account/devices'],
    ['that is another site', () => 'https://evil.example/'],
    ['that is empty of sense', () => '..'],
  ])('%s is rejected', async (_, change) => {
    const browser = openShopBrowser(shop, 'ada')
    const forged = withValue(change(signedValueOf(await startSignIn(browser, { prompt: 'login' }))))
    signInAgain(shop, browser)
    const page = await browser.open(forged)
    expect([page.status, page.url.pathname]).toEqual([403, '/login'])
    expect(page.text).toContain('This link has expired')
    expect(sessions.isReturnTo(forged)).toBe(false)
  })

  test('that has expired is rejected', async () => {
    const browser = openShopBrowser(shop)
    const returnTo = await startSignIn(browser)
    server.clock.advance('25h')
    enterShop(shop, browser, 'ada')
    expect((await browser.open(returnTo)).text).toContain('This link has expired')
    expect(sessions.isReturnTo(returnTo)).toBe(false)
  })

  test('of another provider is rejected', async () => {
    const browser = openShopBrowser(shop)
    const value = signedValueOf(await startSignIn(browser))
    const page = await browser.open(withValue(value, '/login/members'))
    expect([page.status, page.url.pathname]).toEqual([403, '/login/members'])
    expect(page.text).toContain('This link has expired')
    expect(sessions.isReturnTo(withValue(value, '/login/members'))).toBe(false)
  })

  test('that was issued to another browser asks first, and says who is signed in', async () => {
    const returnTo = await startSignIn(openShopBrowser(shop))
    for (const victim of [openShopBrowser(shop, 'ada'), openShopBrowser(shop)]) {
      const page = await victim.open(returnTo)
      expect([page.status, page.url.pathname]).toEqual([403, '/login'])
      expect(page.text).toContain('This sign-in was started in another browser')
      expect(page.text.includes('ada of the shop')).toBe(shopSessionOf(victim) !== '')
      expect(lastRequestLine(server)).toContain('return_to was issued to another browser')
      const headers = { accept: 'application/json' }
      const { status, body } = await victim.open(returnTo, { headers })
      expect([status, JSON.parse(body)]).toMatchObject([403, { error: 'login_required' }])
    }
  })

  test('that is replayed after a sign-out does not sign in', async () => {
    const browser = openShopBrowser(shop)
    const returnTo = await startSignIn(browser)
    enterShop(shop, browser, 'ada')
    expect((await browser.open(returnTo)).text).toContain('ada of the shop')
    shop.sessions.delete(shopSessionOf(browser))
    expect((await browser.open(returnTo)).text).toContain("You're not signed in")
  })

  test.each([
    ['as old as the request', 0, 403],
    ['a millisecond newer', 1, 200],
  ])('of a forced sign-in, used after a sign-in that is %s', async (_, age, status) => {
    const browser = openShopBrowser(shop, 'ada')
    const returnTo = await startSignIn(browser, { prompt: 'login' })
    const session = shop.sessions.get(shopSessionOf(browser))
    server.clock.advance('1s')
    if (session) session.signedInAt = requestTimeOf(returnTo) + age
    expect((await browser.open(returnTo)).status).toBe(status)
  })

  test('of an earlier forced sign-in does not satisfy a later one', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const first = await startSignIn(browser, { prompt: 'login' })
    signInAgain(shop, browser)
    const second = await startSignIn(browser, { prompt: 'login' })
    expect((await browser.open(second)).status).toBe(403)
    const { url } = await browser.open(first)
    expect(url.searchParams.get('client_id')).not.toBe(null)
    expect((await browser.open(second)).status).toBe(403)
  })
})

describe('only our own pages are a return_to', () => {
  const valid = async (): Promise<string> => startSignIn(openShopBrowser(shop))

  test.each([
    ['another host', (url: string) => url.replace('127.0.0.1', 'evil.example')],
    ['another port', (url: string) => url.replace(/:\d+\//, ':1/')],
    ['https in place of http', (url: string) => url.replace('http:', 'https:')],
    ['our host as a user name', (url: string) => url.replace('http://', 'http://127.0.0.1@evil.example/')],
    ['a user name', (url: string) => url.replace('http://', 'http://user@')],
    ['a fragment', (url: string) => `${url}#x`],
    ['another path', (url: string) => url.replace('/login', '/oauth/authorize')],
    ['a path below', (url: string) => url.replace('/login', '/login/../away')],
    ['a second parameter', (url: string) => `${url}&prompt=none`],
    ['a repeated parameter', (url: string) => `${url}&return_to=x`],
    ['no parameter', (url: string) => url.split('?')[0] ?? ''],
    ['a line end', (url: string) => `${url}\r\nSet-Cookie: a=b`],
    ['a tab', (url: string) => url.replace('/login', '/\tlogin')],
    ['a backslash', (url: string) => url.replace('http://', 'http:\\\\')],
    ['no scheme', (url: string) => url.replace('http:', '')],
    ['a script', () => 'javascript:alert(1)'],
    ['a list', (url: string) => [url]],
    ['nothing', () => undefined],
  ])('not a URL with %s', async (_, change) => {
    const url = await valid()
    expect(sessions.isReturnTo(url)).toBe(true)
    expect(sessions.isReturnTo(change(url))).toBe(false)
  })

  test('and the sign-out page, but not one that leads to an unregistered origin', () => {
    const signOut = (to?: string) =>
      server.endpoint(
        `/logout${to === undefined ? '' : `?${new URLSearchParams({ return_to: to }).toString()}`}`,
      )
    expect(sessions.isReturnTo(signOut())).toBe(true)
    expect(sessions.isReturnTo(signOut('https://shop.example/bye'))).toBe(true)
    expect(sessions.isReturnTo(signOut('https://evil.example/'))).toBe(false)
  })
})

test('a sign-out through the app returns to the registered URL that it was asked for', async () => {
  const browser = openShopBrowser(shop, 'ada')
  const bye = 'https://shop.example/bye'
  const form = await browser.open(server.endpoint(`/logout?return_to=${encodeURIComponent(bye)}`))
  const { status, headers } = await browser.press(form, 'Sign out')
  expect([status, headers.get('location')]).toEqual([303, bye])
  expect(shop.visits.at(-1)?.pathname).toBe('/sign-out')
})

describe('if another user signs in at the app in between', () => {
  test('that user is asked, and the form of the first user does nothing', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const client = await server.addClient()
    const consent = await browser.open(authorizationUrl(server, client))
    server.clock.advance('1s')
    enterShop(shop, browser, 'bob')
    const answer = await browser.press(consent, 'Allow')
    expect(answer.url.pathname).toBe('/oauth/authorize')
    expect(answer.text).toContain('bob of the shop')
    const { fields } = formOf(consent, 'Allow')
    const again = await browser.press(answer, 'Allow', { consent: fields['consent'] ?? '' })
    expect(again.text).toContain('bob of the shop')
  })

  test('a code of the first user is void', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const client = await server.addClient({ skipsConsent: true })
    const { url } = await browser.open(authorizationUrl(server, client))
    const session = shop.sessions.get(shopSessionOf(browser))
    if (session) Object.assign(session, { userId: 'bob', signedInAt: server.clock.now() })
    await browser.open(server.endpoint('/account/devices'))
    const { status } = await requestToken(server, client, {
      grant_type: 'authorization_code',
      code: url.searchParams.get('code') ?? '',
      redirect_uri: client.redirectUri,
    })
    expect(status).toBe(400)
  })

  test('the first user returns as themselves only after a new sign-in', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    const session = shop.sessions.get(shopSessionOf(browser)) ?? { userId: '', signedInAt: 0 }
    const { signedInAt } = session
    server.clock.advance('1s')
    Object.assign(session, { userId: 'bob', signedInAt: server.clock.now() })
    await browser.open(server.endpoint('/account/devices'))
    Object.assign(session, { userId: 'ada', signedInAt })
    await browser.open(server.endpoint('/account/devices'))
    expect(shop.visits.at(-1)?.searchParams.get('prompt')).toBe('login')
  })
})

describe('a stolen or planted session cookie', () => {
  test('does not sign in without a session of the app', async () => {
    const victim = openShopBrowser(shop, 'ada')
    await victim.open(server.endpoint('/account/devices'))
    const thief = openShopBrowser(shop)
    for (const [name, value] of victim.cookies) if (name !== 'shop') thief.setCookie(name, value)
    await thief.open(server.endpoint('/account/devices'), { headers: { 'sec-fetch-site': 'cross-site' } })
    expect(shop.visits.at(-1)?.pathname).toBe('/sign-in')
  })

  test('does not select the user: only the session of the app does', async () => {
    const attacker = openShopBrowser(shop, 'bob')
    await attacker.open(server.endpoint('/account/devices'))
    const victim = openShopBrowser(shop, 'ada')
    for (const [name, value] of attacker.cookies) if (name !== 'shop') victim.setCookie(name, value)
    expect((await victim.open(server.endpoint('/account/devices'))).text).toContain('ada of the shop')
  })

  test.each([
    ['a guest', () => undefined],
    ['another user', () => ({ id: 'mia', authenticatedAt: server.clock.now(), sessionId: 'of mia' })],
  ])('does nothing under the name of another provider, sent by %s', async (_, current) => {
    tellMember = current
    const victim = openShopBrowser(shop, 'ada')
    await victim.open(server.endpoint('/account/devices'))
    const before = await sessions.list('ada')
    const [, value = ''] = [...victim.cookies].find(([name]) => name.endsWith('session')) ?? []
    const thief = openShopBrowser(shop)
    thief.setCookie('consulate_session.members', value)
    await thief.open(server.endpoint('/account/devices/members'))
    expect(await sessions.list('ada')).toEqual(before)
    expect(thief.cookies.has('consulate_session')).toBe(false)
  })

  test('does not reveal the session ID of the app, and neither does the database', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    const id = server.knownSecrets.add('session of the app', shopSessionOf(browser))
    expect([...browser.cookies].filter(([name, value]) => name !== 'shop' && value.includes(id))).toEqual([])
  })
})

describe('what a client sends to the sign-in page of the app', () => {
  test.each([
    ['a line end', 'ada\r\nLocation: https://evil.example', 'is not passed on'],
    ['markup', '"><script>alert(1)</script>', 'is passed on as text'],
    ['another return_to', 'x&return_to=https://evil.example', 'is passed on as text'],
    ['256 characters', 'a'.repeat(256), 'is not passed on'],
  ])('cannot change the redirect: a login_hint with %s', async (_, hint, outcome) => {
    const browser = openShopBrowser(shop)
    await startSignIn(browser, { login_hint: hint, ui_locales: `de${hint}` })
    const { searchParams, pathname } = shop.visits.at(-1) ?? new URL(server.origin)
    expect(pathname).toBe('/sign-in')
    expect(searchParams.getAll('return_to')).toEqual([lastReturnTo()])
    expect(sessions.isReturnTo(lastReturnTo())).toBe(true)
    expect(searchParams.get('login_hint')).toBe(outcome === 'is not passed on' ? null : hint)
    expect(searchParams.has('ui_locales')).toBe(false)
  })
})

test('parameters of other pages are not passed on to the sign-in page of the app', async () => {
  const browser = openShopBrowser(shop)
  await browser.open(server.endpoint('/oauth/device?user_code=a&login_hint=eve&ui_locales=de'))
  expect([...(shop.visits.at(-1)?.searchParams.keys() ?? [])]).toEqual(['return_to'])
})

test('two providers whose apps ask for each other do not loop', async () => {
  shop.tell = async (request) => (await sessions.current(request, { provider: 'members' }))?.user
  tellMember = async (request) => (await sessions.current(request))?.user as AppUser | undefined
  const page = await openShopBrowser(shop, 'ada').open(server.endpoint('/account/devices'))
  expect(page.status).toBe(500)
  expect(lastRequestLine(server)).toContain('must not call server.sessions.current')
})

test('a cross-site link to our pages does not sign the user out', async () => {
  const browser = openShopBrowser(shop, 'ada')
  await browser.open(server.endpoint('/account/devices'))
  const [before] = await sessions.list('ada')
  browser.setCookie('shop', 'left-out')
  for (const path of ['/login', '/account/devices', '/logout'])
    await browser.open(server.endpoint(path), { headers: { 'sec-fetch-site': 'cross-site' } })
  expect((await sessions.list('ada')).map(({ id }) => id)).toContain(before?.id)
})

test('a session ID of the app that another user reuses is another device', async () => {
  shop.tell = () => ({ id: 'ada', authenticatedAt: server.clock.now(), sessionId: 'reused' })
  await openShopBrowser(shop).open(server.endpoint('/account/devices'))
  const adas = await sessions.list('ada')
  server.clock.advance('1s')
  shop.tell = () => ({ id: 'bob', authenticatedAt: server.clock.now(), sessionId: 'reused' })
  await openShopBrowser(shop).open(server.endpoint('/account/devices'))
  const bobs = await sessions.list('bob')
  expect(bobs.map(({ id }) => id).filter((id) => adas.some((device) => device.id === id))).toEqual([])
  expect((await sessions.list('ada')).length).toBe(adas.length - 1)
})
