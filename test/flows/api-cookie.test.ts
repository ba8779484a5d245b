import { decodeJwt } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { appRequest, startInApp } from '../support/app-request.ts'
import { openBrowser, type Browser } from '../support/browser.ts'
import { startServer } from '../support/server.ts'
import { startShop } from '../support/shop.ts'
import { openShopBrowser } from '../support/shop-browser.ts'
import { API_COOKIE, callAsSpa } from '../support/spa.ts'

const server = await startServer({ apiCookie: {} })
const user = await server.addUser()
const me = server.endpoint('/me')
afterAll(server.close)

async function signIn(): Promise<Browser> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  return browser
}

const statusOf = async (...request: Parameters<typeof callAsSpa>): Promise<number> =>
  (await callAsSpa(...request)).status

describe('a single-page app calls the API as the user who is signed in', () => {
  test('after a sign-in on our page', async () => {
    const browser = await signIn()
    const response = await callAsSpa(browser, server.endpoint('/orders'))
    expect(response).toMatchObject({
      status: 200,
      body: { kind: 'user', user: { id: user.id }, client: { id: 'browser-session' }, scopes: ['*'] },
    })
    const { sid } = decodeJwt(browser.cookies.get(API_COOKIE) ?? '')
    expect(response.body).toMatchObject({ sessionId: sid })
    expect(response.body).not.toHaveProperty('authorizationId')
  })

  test('and returns from our page to the URL that it has named, if that is on one of its origins', async () => {
    const login = (url: string): string =>
      `${server.endpoint('/login')}?${new URLSearchParams({ return_to: url }).toString()}`
    const browser = openBrowser(server)
    const back = server.endpoint('/shop?page=2')
    expect((await browser.signIn(await browser.open(login(back)), user)).url.href).toBe(back)
    for (const foreign of [
      'https://evil.example/',
      `${server.origin}@evil.example/`,
      '//evil.example',
      '/shop',
    ])
      expect((await browser.open(login(foreign))).text).toContain("You're signed in")
  })

  test('after a sign-in that the app has made', async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user)
    expect(await statusOf(browser, me, { method: 'POST' })).toBe(200)
  })

  test('until the cookie expires, and again once a visit of a page has renewed it', async () => {
    const browser = await signIn()
    server.clock.advance('15m')
    expect(await callAsSpa(browser, me)).toMatchObject({
      status: 401,
      body: { error: 'invalid_token', error_description: 'Cookie expired' },
    })
    await browser.open(server.endpoint('/account/devices'))
    expect(await statusOf(browser, me)).toBe(200)
    server.clock.advance('15m')
    browser.receive((await server.server.sessions.current(appRequest(browser)))?.cookies ?? [])
    expect(await statusOf(browser, me)).toBe(200)
  })

  test('until the user signs out', async () => {
    const browser = await signIn()
    const stolen = new Map(browser.cookies)
    const page = await browser.open(server.endpoint('/logout'))
    await browser.press(page, 'Sign out')
    expect(
      [...browser.cookies.keys()].filter((name) => name === API_COOKIE || name === 'XSRF-TOKEN'),
    ).toEqual([])
    server.clock.advance('14m')
    expect(await callAsSpa(browser, me, { cookies: stolen })).toMatchObject({
      status: 401,
      body: { error_description: 'Cookie revoked' },
    })
  })
})

test('a strict route refuses the cookie from the next request on after a sign-out on another node', async () => {
  const browser = await signIn()
  const headers = { cookie: `${API_COOKIE}=${browser.cookies.get(API_COOKIE)}` }
  const isAccepted = async (strict: boolean): Promise<boolean> =>
    !((await server.server.user({ strict })(new Request(me, { headers }))) instanceof Response)
  const id = decodeJwt<{ readonly sid: string }>(browser.cookies.get(API_COOKIE) ?? '').sid
  expect(await isAccepted(true)).toBe(true)
  await server.store.revocations.revoke({ kind: 'session', id }, server.clock.now())
  expect([await isAccepted(true), await isAccepted(false)]).toEqual([false, true])
})

test('after a password change, only the browser that made it has a cookie that works', async () => {
  const [browser, elsewhere] = [await signIn(), await signIn()]
  const stolen = new Map(browser.cookies)
  const form = await browser.open(server.endpoint('/account/password'))
  await browser.press(form, 'Change password', { new_password: user.password })
  expect(await statusOf(browser, me, { method: 'POST' })).toBe(200)
  expect(await statusOf(elsewhere, me)).toBe(401)
  expect(await statusOf(browser, me, { cookies: stolen })).toBe(401)
})

test('users who are disabled get no new cookie', async () => {
  const browser = openBrowser(server)
  const leaving = await server.addUser()
  await startInApp(server, browser, leaving)
  await server.store.users.update(leaving.id, { disabledAt: server.clock.now() })
  const renewal = { method: 'POST' }
  expect(await statusOf(browser, server.endpoint('/oauth/token/refresh'), renewal)).toBe(401)
})

describe('users who sign in to the app', () => {
  test('call the API after a visit of a page, and after POST /oauth/token/refresh', async () => {
    await using shop = await startShop({ apiCookie: {} })
    const url = shop.server.endpoint('/me')
    const [visitor, spa] = [openShopBrowser(shop, 'ada'), openShopBrowser(shop, 'bob')]
    await visitor.open(shop.server.endpoint('/account/devices'))
    expect(await callAsSpa(visitor, url)).toMatchObject({ status: 200, body: { user: { id: 'ada' } } })
    await callAsSpa(spa, shop.server.endpoint('/oauth/token/refresh'), { method: 'POST' })
    expect(await callAsSpa(spa, url, { method: 'POST' })).toMatchObject({ body: { user: { id: 'bob' } } })
  })

  test('lose the cookie once the app has signed them out', async () => {
    await using shop = await startShop({ apiCookie: {} })
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(shop.server.endpoint('/account/devices'))
    const kept = new Map(browser.cookies)
    shop.sessions.clear()
    await browser.open(shop.server.endpoint('/login'))
    expect([...browser.cookies.keys()]).not.toContain(API_COOKIE)
    expect(await statusOf(browser, shop.server.endpoint('/me'), { cookies: kept })).toBe(401)
  })
})

test('requests with the cookie can do what apiCookie.scopes says, and no more', async () => {
  await using limited = await startServer({ apiCookie: { scopes: ['profile'] } })
  const browser = openBrowser(limited)
  await startInApp(limited, browser, await limited.addUser())
  expect(await callAsSpa(browser, limited.endpoint('/orders'))).toMatchObject({
    status: 403,
    body: { error: 'insufficient_scope' },
  })
  expect(await callAsSpa(browser, limited.endpoint('/me'))).toMatchObject({ body: { scopes: ['profile'] } })
  expect(limited.logs.filter((line) => line.includes('API cookie refused'))).toEqual([])
})

test('without the option, guards accept no cookie, and the endpoint does not exist', async () => {
  await using off = await startServer()
  const browser = openBrowser(off)
  const [name, value] = [API_COOKIE, (await signIn()).cookies.get(API_COOKIE) ?? '']
  browser.setCookie(name, value)
  expect(await callAsSpa(browser, off.endpoint('/me'))).toMatchObject({ body: { error: 'missing_token' } })
  expect(await statusOf(browser, off.endpoint('/oauth/token/refresh'), { method: 'POST' })).toBe(404)
})

test('both cookies have the attributes that keep them from other sites', async () => {
  const { setCookies } = await signIn()
  const attributes = ['api', 'XSRF'].map(
    (part) => setCookies.findLast((cookie) => cookie.includes(part)) ?? '',
  )
  expect(attributes.map((cookie) => cookie.replace(/=[^;]*/, '=…'))).toEqual([
    'consulate_api=…; Path=/; HttpOnly; SameSite=Strict',
    'XSRF-TOKEN=…; Path=/; SameSite=Strict',
  ])
})

test('a page visit keeps cookies that are valid for long enough', async () => {
  const browser = await signIn()
  const count = browser.setCookies.length
  await browser.open(server.endpoint('/account/devices'))
  expect(browser.setCookies.slice(count).filter((cookie) => cookie.includes(API_COOKIE))).toEqual([])
})

describe('each request proves where it comes from', () => {
  test.each([
    ['without the CSRF token', { 'x-xsrf-token': undefined }, 'Missing X-XSRF-TOKEN header'],
    ['with a CSRF token that is wrong', { 'x-xsrf-token': 'a'.repeat(43) }, 'Invalid X-XSRF-TOKEN header'],
    ['from another origin', { origin: 'https://evil.example' }, 'Cross-origin request'],
    ['from an unknown origin', { origin: 'null' }, 'Cross-origin request'],
    [
      'from a sibling subdomain without Origin',
      { origin: undefined, 'sec-fetch-site': 'same-site' },
      'Cross-origin request',
    ],
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 'Cross-origin request'],
  ])('a POST %s gets 403, which names the check', async (_, headers, description) => {
    const browser = await signIn()
    expect(await callAsSpa(browser, me, { method: 'POST', headers })).toMatchObject({
      status: 403,
      body: { error: 'access_denied', error_description: description },
    })
    expect(server.logs.findLast((line) => line.includes('API cookie refused'))).toContain(description)
  })

  test('a GET needs no CSRF token, but must not be from another site', async () => {
    const browser = await signIn()
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      expect(await statusOf(browser, me, { method, headers: { 'x-xsrf-token': undefined } })).toBe(200)
    for (const headers of [{ 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }])
      expect(await statusOf(browser, me, { headers })).toBe(403)
  })

  test.each(['PUT', 'PATCH', 'DELETE'])('a %s needs the CSRF token', async (method) => {
    const browser = await signIn()
    expect(await statusOf(browser, me, { method, headers: { 'x-xsrf-token': undefined } })).toBe(403)
  })

  test('the token may be in X-CSRF-TOKEN instead', async () => {
    const browser = await signIn()
    const headers = { 'x-xsrf-token': undefined, 'x-csrf-token': browser.cookies.get('XSRF-TOKEN') }
    expect(await statusOf(browser, me, { method: 'DELETE', headers })).toBe(200)
  })
})

test('a bad access token is never rescued by the cookie', async () => {
  const browser = await signIn()
  for (const authorization of ['Bearer nonsense', 'Bearer', 'Basic YTpi', ''])
    expect(await statusOf(browser, me, { headers: { authorization } })).toBe(401)
  const { core } = server.server
  const headers = {
    Authorization: 'Bearer nonsense',
    Cookie: `${API_COOKIE}=${browser.cookies.get(API_COOKIE)}`,
  }
  expect(await core.check({ method: 'GET', headers }, core.requirement('user', []))).toMatchObject({
    status: 401,
  })
})

test('guards for machines, and routes that say so, accept no cookie', async () => {
  const browser = await signIn()
  expect(await callAsSpa(browser, server.endpoint('/machine'))).toMatchObject({
    status: 401,
    body: { error: 'missing_token' },
  })
  const headers = { cookie: `${API_COOKIE}=${browser.cookies.get(API_COOKIE)}` }
  const answerOf = async (cookie: boolean): Promise<boolean> =>
    (await server.server.user({ cookie })(new Request(me, { headers }))) instanceof Response
  expect([await answerOf(false), await answerOf(true)]).toEqual([true, false])
})

describe('POST /oauth/token/refresh', () => {
  const refresh = server.endpoint('/oauth/token/refresh')

  test('renews the cookie of a signed-in user, without the CSRF token', async () => {
    const browser = await signIn()
    server.clock.advance('20m')
    const response = await callAsSpa(browser, refresh, {
      method: 'POST',
      headers: { 'x-xsrf-token': undefined },
    })
    expect(response).toMatchObject({ status: 200, body: { expires_in: 900, scope: '*' } })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await statusOf(browser, me, { method: 'PUT' })).toBe(200)
  })

  test('keeps the CSRF token, so that another tab can still send the one that it has read', async () => {
    const browser = await signIn()
    const token = browser.cookies.get('XSRF-TOKEN')
    await callAsSpa(browser, refresh, { method: 'POST' })
    expect(browser.cookies.get('XSRF-TOKEN')).toBe(token)
  })

  test('deletes the cookies of a guest', async () => {
    const browser = await signIn()
    browser.setCookie('consulate_session', 'unknown')
    expect(await callAsSpa(browser, refresh, { method: 'POST' })).toMatchObject({
      status: 401,
      body: { error: 'login_required' },
    })
    expect([...browser.cookies.keys()]).not.toContain(API_COOKIE)
    expect([...browser.cookies.keys()]).not.toContain('XSRF-TOKEN')
  })

  test.each([
    ['from another origin', { origin: 'https://evil.example' }, 'Cross-origin request'],
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 'Cross-origin request'],
    ['of unknown origin', { origin: undefined, 'sec-fetch-site': undefined }, 'Missing Origin header'],
  ])('refuses a request %s', async (_, headers, description) => {
    const browser = await signIn()
    expect(await callAsSpa(browser, refresh, { method: 'POST', headers })).toMatchObject({
      status: 403,
      body: { error: 'access_denied', error_description: description },
    })
  })

  test('is not a GET', async () => {
    expect(await statusOf(await signIn(), refresh)).toBe(405)
  })
})

describe('the JSON APIs of the account', () => {
  const tokens = server.endpoint('/oauth/personal-access-tokens')

  test('accept the CSRF token of the app, or the one of their own pages', async () => {
    const browser = await signIn()
    const page = await callAsSpa(browser, tokens)
    const csrf = page.headers.get('x-csrf-token') ?? ''
    for (const headers of [{}, { 'x-xsrf-token': undefined, 'x-csrf-token': csrf }])
      expect(await statusOf(browser, tokens, { method: 'POST', json: { name: 'CI' }, headers })).toBe(201)
  })

  test.each([
    [{ 'x-xsrf-token': undefined }, 'Missing X-XSRF-TOKEN header'],
    [{ 'x-xsrf-token': 'a'.repeat(43) }, 'Invalid X-XSRF-TOKEN header'],
    [{ origin: 'https://evil.example' }, 'Cross-origin request'],
  ])('name the check that failed: %o', async (headers, description) => {
    const browser = await signIn()
    expect(await callAsSpa(browser, tokens, { method: 'POST', json: { name: 'CI' }, headers })).toMatchObject(
      {
        status: 403,
        body: { error: 'access_denied', error_description: description },
      },
    )
  })
})
