import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { StoreUnavailableError, type AppUser } from '../../src/index.ts'
import { linkTo, type Browser } from '../support/browser.ts'
import { startInApp } from '../support/app-request.ts'
import { addDeviceClient, startDevice } from '../support/device.ts'
import { authorizationUrl, callApi, claimOf, requestToken } from '../support/oauth-client.ts'
import { lastRequestLine } from '../support/request-log.ts'
import { enterShop, openShopBrowser, shopSessionOf, signInAgain } from '../support/shop-browser.ts'
import { signOutOfShop, startShop, type TellUser } from '../support/shop.ts'

const shop = await startShop({
  appSession: { signOutUrl: '/sign-out' },
  providers: {
    silent: {
      find: async () => undefined,
      appSession: { signInUrl: '/sign-in', current: () => Promise.withResolvers<undefined>().promise },
    },
  },
})
const { server } = shop
const client = await server.addClient()
const trusted = await server.addClient({ skipsConsent: true })
const { tell } = shop
/** Sent now, because it takes 5 seconds. */
const unanswered = fetch(server.endpoint('/account/devices/silent'), {
  headers: { accept: 'application/json' },
})
afterAll(shop.close)

beforeEach(async () => {
  Object.assign(shop, { tell, nextUser: undefined })
  shop.visits.length = 0
  shop.users.add('ada').add('bob')
  for (const user of ['ada', 'bob']) await server.server.users.signOutEverywhere(user)
  server.clock.advance('1s')
})

/** The parameters that the sign-in page of the shop received last. */
const lastVisit = (): URLSearchParams => shop.visits.at(-1)?.searchParams ?? new URLSearchParams()

/** Of a new client, which the user has not allowed yet. */
const authorize = async (browser: Browser, parameters: Readonly<Record<string, string>> = {}) =>
  browser.open(authorizationUrl(server, await server.addClient(), parameters))

const devicesOf = (user: string) => server.server.sessions.list(user)

describe('a user who is signed in to the app', () => {
  test('is asked for consent without another sign-in, and is the user of the token', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const page = await browser.open(authorizationUrl(server, client, { scope: 'profile' }))
    expect(page.text).toContain('ada of the shop')
    const { url } = await browser.press(page, 'Allow')
    const { body } = await requestToken(server, client, {
      grant_type: 'authorization_code',
      code: url.searchParams.get('code') ?? '',
      redirect_uri: client.redirectUri,
    })
    expect(claimOf(String(body['access_token']), 'sub')).toBe('ada')
    expect((await callApi(server, '/me', String(body['access_token']))).status).toBe(200)
    expect(await devicesOf('ada')).toMatchObject([{ deviceName: 'Firefox on Linux', methods: ['swk'] }])
  })

  test('is known on the pages for devices, tokens and sign-out', async () => {
    const browser = openShopBrowser(shop, 'ada')
    for (const path of ['/oauth/device', '/account/devices', '/account/tokens', '/logout', '/login'])
      expect([path, (await browser.open(server.endpoint(path))).status]).toEqual([path, 200])
    expect((await browser.open(server.endpoint('/login'))).text).toContain('ada of the shop')
    expect(await devicesOf('ada')).toHaveLength(1)
  })

  test('has no page for a password if the app does not let the server change it', async () => {
    const browser = openShopBrowser(shop, 'ada')
    expect((await browser.open(server.endpoint('/account/password'))).text).toContain(
      'Shop /account/password',
    )
    expect((await browser.open(server.endpoint('/account/devices'))).text).not.toContain('Password')
  })

  test('is asked for once per request', async () => {
    let calls = 0
    shop.tell = (request, original) => {
      calls += 1
      return tell(request, original)
    }
    await openShopBrowser(shop, 'ada').open(authorizationUrl(server, trusted))
    await openShopBrowser(shop).open(server.endpoint('/account/tokens'))
    expect(calls).toBe(2)
  })

  test('signs in on one device, however many requests come first', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const paths = Array.from({ length: 8 }, () => server.endpoint('/account/devices'))
    const pages = await Promise.all(paths.map((path) => browser.open(path)))
    expect(pages.map(({ status }) => status)).toEqual(paths.map(() => 200))
    expect(await devicesOf('ada')).toHaveLength(1)
  })

  test('is one device per session of the app', async () => {
    const browsers = [openShopBrowser(shop, 'ada'), openShopBrowser(shop, 'ada')]
    for (const browser of browsers) await browser.open(server.endpoint('/account/devices'))
    expect(await devicesOf('ada')).toHaveLength(2)
  })

  test('stays the same device after another sign-in, and after the app replaces the ID of its session', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    const [before] = await devicesOf('ada')
    signInAgain(shop, browser)
    shop.tell = (request, original) => ({ ...(tell(request, original) as AppUser), methods: ['otp'] })
    await browser.open(server.endpoint('/account/devices'))
    const [renewed] = await devicesOf('ada')
    expect(renewed?.id).toBe(before?.id)
    expect([before?.methods, renewed?.methods]).toEqual([['swk'], ['otp']])
    expect(renewed?.authenticatedAt).toBeGreaterThan(before?.authenticatedAt ?? 0)
    shop.sessions.delete(shopSessionOf(browser))
    enterShop(shop, browser, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    expect((await devicesOf('ada')).map(({ id }) => id)).toEqual([before?.id])
  })

  test('does not count as signed in again if only the ID of the session of the app changes', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    const [before, events] = [await devicesOf('ada'), server.events.length]
    const { signedInAt } = shop.sessions.get(shopSessionOf(browser)) ?? { signedInAt: 0 }
    shop.sessions.delete(shopSessionOf(browser))
    server.clock.advance('1s')
    shop.sessions.set(enterShop(shop, browser, 'ada'), { userId: 'ada', signedInAt })
    await browser.open(server.endpoint('/account/devices'))
    expect((await devicesOf('ada')).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
    expect(server.events.slice(events)).toEqual([])
  })

  test('is last seen at each visit, and stays in the list for 30 days after it', async () => {
    const browser = openShopBrowser(shop, 'ada')
    for (const pause of ['1s', '20d', '20d'] as const) {
      server.clock.advance(pause)
      const before = server.clock.now()
      await browser.open(server.endpoint('/account/devices'))
      const devices = await devicesOf('ada')
      expect(devices.map(({ lastSeenAt }) => lastSeenAt >= before)).toEqual([true])
    }
    server.clock.advance('31d')
    expect(await devicesOf('ada')).toEqual([])
  })

  test('allows a device', async () => {
    const device = await startDevice(server, await addDeviceClient(server))
    const browser = openShopBrowser(shop, 'ada')
    const form = await browser.open(server.endpoint('/oauth/device'))
    const consent = await browser.press(form, 'Continue', { user_code: device.userCode })
    expect(consent.text).toContain('ada of the shop')
    expect((await browser.press(consent, 'Allow')).text).toContain("You're connected")
  })

  test('is known to server.sessions.current, and server.sessions.end ends the session', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const request = { headers: { cookie: `shop=${shopSessionOf(browser)}` } }
    expect((await server.server.sessions.current(request))?.user).toMatchObject({ id: 'ada' })
    await server.server.sessions.end(request)
    expect(await server.server.sessions.current(request)).toBe(undefined)
  })
})

test('a device is listed until 30 days after its last visit', async () => {
  await openShopBrowser(shop, 'ada').open(server.endpoint('/account/devices'))
  server.clock.advance('29d')
  expect(await devicesOf('ada')).toHaveLength(1)
  server.clock.advance('2d')
  expect(await devicesOf('ada')).toEqual([])
})

test('the app is asked once for each page', async () => {
  const browser = openShopBrowser(shop, 'ada')
  let calls = 0
  shop.tell = (...given) => ((calls += 1), tell(...given))
  const pages = [authorizationUrl(server, client), ...['/account/devices', '/login'].map(server.endpoint)]
  for (const page of pages) {
    calls = 0
    await browser.open(page)
    expect([page, calls]).toEqual([page, 1])
  }
})

describe('a guest', () => {
  test('signs in to the app, and continues where they were', async () => {
    shop.nextUser = 'ada'
    const page = await authorize(openShopBrowser(shop), { scope: 'profile', state: 's1' })
    expect(page.text).toContain('ada of the shop')
    expect(page.url.searchParams.get('state')).toBe('s1')
    expect(lastVisit().has('prompt')).toBe(false)
  })

  test('may be null in the answer of the app', async () => {
    shop.tell = () => null
    await openShopBrowser(shop, 'ada').open(server.endpoint('/account/devices'))
    expect(shop.visits.at(-1)?.pathname).toBe('/sign-in')
  })

  test('is sent to the app by each page and by the sign-in page itself', async () => {
    for (const path of ['/account/devices', '/account/tokens', '/oauth/device', '/login']) {
      const { url } = await openShopBrowser(shop).open(server.endpoint(path))
      expect(url.pathname).toBe('/sign-in')
      expect(server.server.sessions.isReturnTo(lastVisit().get('return_to'))).toBe(true)
    }
  })

  test('who does not sign in gets a page, not a redirect', async () => {
    await authorize(openShopBrowser(shop))
    const browser = openShopBrowser(shop)
    await authorize(browser)
    const page = await browser.open(lastVisit().get('return_to') ?? '')
    expect(page.status).toBe(403)
    expect(page.text).toContain("You're not signed in")
  })

  test('gets login_required with prompt=none, without a page', async () => {
    const { url } = await authorize(openShopBrowser(shop), { prompt: 'none' })
    expect(url.searchParams.get('error')).toBe('login_required')
  })

  test('of a JSON caller gets a link that any browser can open', async () => {
    const url = authorizationUrl(server, await server.addClient(), { scope: 'profile' })
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
    })
    const body = (await response.json()) as Record<string, string>
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(`Cookie realm="${server.issuer}"`)
    expect(JSON.parse(lastRequestLine(server))).toMatchObject({
      code: 'login_required',
      requestId: response.headers.get('x-request-id'),
    })
    const signedIn = await openShopBrowser(shop, 'ada').open(body['login_uri'] ?? '')
    expect(signedIn.url.pathname).toBe('/oauth/authorize')
    shop.nextUser = 'ada'
    const page = await openShopBrowser(shop).open(body['login_uri'] ?? '')
    expect(page.text).toContain('ada of the shop')
    // It is for browsers. Apps receive links that are bound to one.
    expect(server.server.sessions.isReturnTo(body['login_uri'])).toBe(false)
  })

  test('receives the language that the user chose on our pages before those of the client', async () => {
    const browser = openShopBrowser(shop)
    browser.setCookie('consulate_language', 'vi')
    await authorize(browser, { ui_locales: 'de' })
    expect(lastVisit().get('ui_locales')).toBe('vi de')
    await browser.open('/account/devices')
    expect(lastVisit().get('ui_locales')).toBe('vi')
  })

  test('passes login_hint, ui_locales and max_age on', async () => {
    const hints = { login_hint: 'ada@example.com', ui_locales: 'de en', max_age: '600' }
    await authorize(openShopBrowser(shop), hints)
    expect(Object.fromEntries(lastVisit())).toMatchObject({ ...hints, prompt: 'login' })
  })

  test('passes max_age on, even if the app has rewritten the path', async () => {
    const { pathname, search } = new URL(authorizationUrl(server, client, { max_age: '600' }))
    const response = await server.server.core.handle({
      method: 'GET',
      path: '/authorize',
      routedPath: pathname,
      query: search.slice(1),
      peer: '127.0.0.1',
      header: () => undefined,
      body: async () => '',
      original: undefined,
    })
    expect(String(response?.headers['Location'])).toContain('max_age=600')
  })
})

describe('a forced sign-in', () => {
  test.each([{ prompt: 'login' }, { prompt: 'select_account' }, { max_age: '0' }])(
    'by %j counts only if it is newer than the request',
    async (parameters) => {
      const browser = openShopBrowser(shop, 'ada')
      await authorize(browser, parameters)
      expect(lastVisit().get('prompt')).toBe('login')
      const returnTo = lastVisit().get('return_to') ?? ''
      const refused = await browser.open(returnTo)
      expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('Sign in again')])
      signInAgain(shop, browser)
      expect((await browser.open(returnTo)).text).toContain('ada of the shop')
    },
  )

  test('by max_age is not necessary after a recent sign-in', async () => {
    const browser = openShopBrowser(shop, 'ada')
    expect((await authorize(browser, { max_age: '60' })).text).toContain('ada of the shop')
    server.clock.advance('2m')
    await authorize(browser, { max_age: '60' })
    expect(lastVisit().get('prompt')).toBe('login')
  })

  test.each([
    ['the sign-in is too old', 'ada', false],
    ['the user is not signed in', undefined, false],
    ['the browser is another one', undefined, true],
  ])('stays forced when it is tried again, after a page that says that %s', async (_, userId, isOther) => {
    const browser = openShopBrowser(shop, userId)
    await authorize(browser, { prompt: 'login' })
    const visitor = isOther ? openShopBrowser(shop) : browser
    const refused = await visitor.open(lastVisit().get('return_to') ?? '')
    expect(refused.status).toBe(403)
    const [, link = ''] = /href="(\/login[^"]*)"/.exec(refused.body) ?? []
    if (userId === undefined) enterShop(shop, visitor, 'ada')
    server.clock.advance('1s')
    expect((await visitor.open(link.replaceAll('&amp;', '&'))).url.pathname).toBe('/sign-in')
    expect(lastVisit().get('prompt')).toBe('login')
    signInAgain(shop, visitor)
    const page = await visitor.open(lastVisit().get('return_to') ?? '')
    expect([page.url.pathname, page.text]).toEqual([
      '/oauth/authorize',
      expect.stringContaining('ada of the shop'),
    ])
  })

  test('is refused with prompt=none', async () => {
    const browser = openShopBrowser(shop, 'ada')
    server.clock.advance('2m')
    const { url } = await authorize(browser, { prompt: 'none', max_age: '60' })
    expect(url.searchParams.get('error')).toBe('login_required')
  })

  test('of a guest counts only if it is newer than the request', async () => {
    const browser = openShopBrowser(shop)
    const id = enterShop(shop, openShopBrowser(shop), 'ada')
    server.clock.advance('1s')
    await authorize(browser, { prompt: 'login' })
    browser.setCookie('shop', id)
    expect((await browser.open(lastVisit().get('return_to') ?? '')).status).toBe(403)
  })

  test('is the way to use another account', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const consent = await authorize(browser)
    await browser.press(consent, 'Not you? Use another account')
    expect(lastVisit().get('prompt')).toBe('login')
    server.clock.advance('1s')
    enterShop(shop, browser, 'bob')
    expect((await browser.open(lastVisit().get('return_to') ?? '')).text).toContain('bob of the shop')
    expect(await devicesOf('ada')).toEqual([])
  })
})

describe('when the app', () => {
  const openDevices = (browser: Browser) => browser.open(server.endpoint('/account/devices'))

  test('returns another user, the first one is signed out', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await openDevices(browser)
    const session = shop.sessions.get(shopSessionOf(browser))
    if (session) Object.assign(session, { userId: 'bob', signedInAt: server.clock.now() })
    await openDevices(browser)
    expect(await devicesOf('ada')).toEqual([])
    expect(await devicesOf('bob')).toHaveLength(1)
    expect(server.events.findLast(({ name }) => name === 'session.ended')?.payload).toMatchObject({
      sub: 'ada',
      reason: 'app_session',
    })
  })

  test('returns no user, the session is revoked, but not by a cross-site link', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await openDevices(browser)
    browser.setCookie('shop', 'gone')
    await browser.open(server.endpoint('/account/devices'), { headers: { 'sec-fetch-site': 'cross-site' } })
    expect(await devicesOf('ada')).toHaveLength(1)
    expect([...browser.cookies.keys()].filter((name) => name.includes('session'))).toHaveLength(1)
    await openDevices(browser)
    expect(await devicesOf('ada')).toEqual([])
    expect([...browser.cookies.keys()].filter((name) => name.includes('session'))).toEqual([])
  })

  test('revokes a session, its devices, codes and first-party tokens end', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const open = async () =>
      (await browser.open(authorizationUrl(server, trusted))).url.searchParams.get('code')
    const exchange = (code: string | null) =>
      requestToken(server, trusted, {
        grant_type: 'authorization_code',
        code: code ?? '',
        redirect_uri: trusted.redirectUri,
      })
    const { body } = await exchange(await open())
    const pending = await open()
    await signOutOfShop(shop, shopSessionOf(browser))
    expect((await callApi(server, '/me', String(body['access_token']))).status).toBe(401)
    expect((await exchange(pending)).status).toBe(400)
    expect(await devicesOf('ada')).toEqual([])
  })

  test('revokes a session that was never seen here, a request in progress does not sign in', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const id = shopSessionOf(browser)
    server.clock.advance('1s')
    shop.tell = async (request, original) => {
      const user = tell(request, original)
      await server.server.sessions.revokeAppSession(id)
      return user
    }
    await openDevices(browser)
    expect(await devicesOf('ada')).toEqual([])
  })

  test('revokes a session while ours is stored, ours is revoked', async () => {
    const browser = openShopBrowser(shop, 'ada')
    server.clock.advance('1s')
    const { sessions } = server.store
    const { insert } = sessions
    vi.spyOn(sessions, 'insert').mockImplementationOnce(async (...session) => {
      await server.server.sessions.revokeAppSession(shopSessionOf(browser))
      return insert(...session)
    })
    expect((await openDevices(browser)).url.pathname).toBe('/sign-in')
    expect(await devicesOf('ada')).toEqual([])
  })

  test('revokes a session before its first visit, no session of ours is started for it', async () => {
    const browser = openShopBrowser(shop, 'ada')
    server.clock.advance('1s')
    await server.server.sessions.revokeAppSession(shopSessionOf(browser))
    const before = server.events.length
    await openDevices(browser)
    expect(lastVisit().get('prompt')).toBe('login')
    expect(server.events.slice(before)).toEqual([])
  })

  test('revokes a session for the second time, a request in progress does not sign in', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const id = shopSessionOf(browser)
    await openDevices(browser)
    server.clock.advance('1s')
    await server.server.sessions.revokeAppSession(id)
    signInAgain(shop, browser)
    shop.tell = async (request, original) => {
      const user = tell(request, original)
      await server.server.sessions.revokeAppSession(id)
      return user
    }
    await openDevices(browser)
    expect(await devicesOf('ada')).toEqual([])
  })

  test('signs a disabled or unknown user in, the user counts as a guest', async () => {
    const browser = openShopBrowser(shop, 'ada')
    shop.users.delete('ada')
    await openDevices(browser)
    expect(shop.visits.at(-1)?.pathname).toBe('/sign-in')
    expect((await browser.open(lastVisit().get('return_to') ?? '')).status).toBe(403)
  })

  test('passes the request of the framework as the second argument', async () => {
    let seen: unknown
    shop.tell = (request, original) => {
      seen = [new URL(request.url).pathname, request.method, (original as { url: string }).url]
      return undefined
    }
    await openDevices(openShopBrowser(shop))
    expect(seen).toEqual(['/account/devices', 'GET', '/account/devices'])
  })
})

describe('a session that was revoked here while the user is still signed in to the app', () => {
  test.each([
    [
      'a device',
      (user: string) => devicesOf(user).then(([device]) => server.server.sessions.revoke(device?.id ?? '')),
    ],
    [
      'a device, on another node',
      async (user: string) => {
        const [device] = await devicesOf(user)
        const session = { kind: 'session', id: device?.id ?? '' } as const
        await server.store.revocations.revoke(session, server.clock.now())
      },
    ],
    ['everything', (user: string) => server.server.users.signOutEverywhere(user)],
    [
      'everything of all users',
      () => server.store.revocations.revoke({ kind: 'issuer' }, server.clock.now()),
    ],
  ])('needs a new sign-in at the app after %s was revoked', async (_, revoke) => {
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    server.clock.advance('1s')
    await revoke('ada')
    await browser.open(server.endpoint('/account/devices'))
    expect(lastVisit().get('prompt')).toBe('login')
    expect(await devicesOf('ada')).toEqual([])
    expect((await browser.open(lastVisit().get('return_to') ?? '')).status).toBe(403)
    signInAgain(shop, browser)
    expect((await browser.open(server.endpoint('/account/devices'))).status).toBe(200)
    expect(await devicesOf('ada')).toHaveLength(1)
  })

  test('needs a new sign-in if the user signed out everywhere before this browser came here', async () => {
    const browser = openShopBrowser(shop, 'ada')
    server.clock.advance('1s')
    await server.server.users.signOutEverywhere('ada')
    await browser.open(server.endpoint('/account/devices'))
    expect(lastVisit().get('prompt')).toBe('login')
    expect(await devicesOf('ada')).toEqual([])
    const session = shop.sessions.get(shopSessionOf(browser))
    if (session) session.signedInAt = await server.store.revocations.readSignOutTime('ada')
    expect((await browser.open(server.endpoint('/account/devices'))).url.pathname).toBe('/sign-in')
    signInAgain(shop, browser)
    expect((await browser.open(server.endpoint('/account/devices'))).status).toBe(200)
  })

  test('counts a new sign-in immediately after the issuer recovered from a leak', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    server.clock.advance('1s')
    await server.store.revocations.revoke({ kind: 'issuer' }, server.clock.now())
    signInAgain(shop, browser)
    expect((await browser.open(server.endpoint('/account/devices'))).url.pathname).toBe('/account/devices')
  })

  test.each([
    ['first visit', () => {}],
    [
      'new sign-in',
      async (browser: Browser) => {
        await browser.open(server.endpoint('/account/devices'))
        signInAgain(shop, browser)
      },
    ],
  ])('needs a new sign-in if the issuer recovers from a leak during a %s', async (_, prepare) => {
    const browser = openShopBrowser(shop, 'ada')
    await prepare(browser)
    server.clock.advance('1s')
    const { revocations } = server.store
    const { readSignOutTime } = revocations
    vi.spyOn(revocations, 'readSignOutTime').mockImplementationOnce(async (subject) => {
      const time = await readSignOutTime(subject)
      await revocations.revoke({ kind: 'issuer' }, server.clock.now())
      return time
    })
    expect((await browser.open(server.endpoint('/account/devices'))).url.pathname).toBe('/sign-in')
  })

  test('stays revoked although a backup is restored from before the revocation', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const open = async () => (await browser.open(server.endpoint('/account/devices'))).url.pathname
    expect(await open()).toBe('/account/devices')
    const [device] = await devicesOf('ada')
    await server.server.sessions.revoke(device?.id ?? '')
    const database = new DatabaseSync(server.file)
    database.prepare('UPDATE consulate_sessions SET revoked_at = NULL WHERE id = ?').run(device?.id ?? '')
    database.close()
    expect(await open()).toBe('/sign-in')
  })

  test('is not revived by a new ID of the same sign-in, even without our cookies', async () => {
    const browser = openShopBrowser(shop, 'ada')
    await browser.open(server.endpoint('/account/devices'))
    const [device] = await devicesOf('ada')
    const session = shop.sessions.get(shopSessionOf(browser))
    server.clock.advance('1s')
    await server.server.sessions.revoke(device?.id ?? '')
    const copy = openShopBrowser(shop)
    const id = enterShop(shop, copy, 'ada')
    shop.sessions.set(id, session ?? { userId: 'ada', signedInAt: 0 })
    await copy.open(server.endpoint('/account/devices'))
    expect(await devicesOf('ada')).toEqual([])
  })

  test('is not revived by a new ID with a sign-in from before the revocation', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const open = async () => (await browser.open(server.endpoint('/account/devices'))).url.pathname
    expect(await open()).toBe('/account/devices')
    const [device] = await devicesOf('ada')
    server.clock.advance('1s')
    const id = enterShop(shop, browser, 'ada')
    server.clock.advance('1s')
    await server.server.sessions.revoke(device?.id ?? '')
    expect(await open()).toBe('/sign-in')
    const revoked = await server.store.sessions.find(device?.id ?? '')
    shop.sessions.set(id, { userId: 'ada', signedInAt: revoked?.revokedAt ?? 0 })
    expect(await open()).toBe('/sign-in')
    shop.sessions.set(id, { userId: 'ada', signedInAt: (revoked?.revokedAt ?? 0) + 1 })
    expect(await open()).toBe('/account/devices')
  })

  test('ends by our sign-out, which continues at the sign-out page of the app', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const { url, text } = await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
    expect(shop.visits.at(-1)?.pathname).toBe('/sign-out')
    expect([url.pathname, text]).toEqual(['/logout', expect.stringContaining("You're signed out")])
    expect(browser.cookies.has('shop')).toBe(false)
  })
})

describe('an unusable answer of the app', () => {
  const user: AppUser = { id: 'ada', authenticatedAt: 1 }
  const now = (): number => server.clock.now()
  const answers: readonly (readonly [string, TellUser])[] = [
    ['no object', () => 'ada'],
    ['an object as id', () => ({ id: {}, authenticatedAt: now() })],
    ['no id', () => ({ authenticatedAt: now() })],
    ['seconds', () => ({ ...user, authenticatedAt: Math.floor(now() / 1000) })],
    ['NaN', () => ({ ...user, authenticatedAt: Number.NaN })],
    ['an invalid date', () => ({ ...user, authenticatedAt: new Date('no date') })],
    ['text as time', () => ({ ...user, authenticatedAt: new Date(now()).toISOString() })],
    ['a number as session', () => ({ ...user, authenticatedAt: now(), sessionId: 7 })],
    ['text as methods', () => ({ ...user, authenticatedAt: now(), methods: 'pwd' })],
    ['a rejection', () => Promise.reject(new Error('the session store is down'))],
  ]

  test.each(answers)('does not sign in, and the log has the reason: %s', async (_, answer) => {
    shop.tell = answer
    const page = await openShopBrowser(shop, 'ada').open(server.endpoint('/account/devices'))
    expect(page.status).toBe(500)
    expect(lastRequestLine(server)).toContain('appSession.current of users')
    expect(await devicesOf('ada')).toEqual([])
    const { url } = await authorize(openShopBrowser(shop, 'ada'))
    expect(url.searchParams.get('error')).toBe('server_error')
  })

  test('is an unavailable store of ours, the request can be tried again', async () => {
    shop.tell = () => Promise.reject(new StoreUnavailableError('The store is unavailable', 'no connection'))
    const page = await openShopBrowser(shop, 'ada').open(server.endpoint('/account/devices'))
    expect(page.status).toBe(503)
  })

  test('calls server.sessions.current, the request ends', async () => {
    shop.tell = async (request) => (await server.server.sessions.current(request))?.user
    const page = await openShopBrowser(shop, 'ada').open(server.endpoint('/account/devices'))
    expect(page.status).toBe(500)
    expect(lastRequestLine(server)).toContain('must not call server.sessions.current')
  })

  test('with the time of each request as that of the sign-in is reported once', async () => {
    const browser = openShopBrowser(shop)
    shop.tell = () => ({ id: 'ada', authenticatedAt: now() })
    const reports = () => server.logs.filter((line) => line.includes('returns a new authenticatedAt'))
    for (let visit = 0; visit < 8; visit += 1) {
      expect(reports()).toHaveLength(visit < 6 ? 0 : 1)
      await browser.open(server.endpoint('/account/devices'))
      server.clock.advance('1s')
    }
  })

  test('may be asked by a timer or connection that was opened while the app answered', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const [answered, later] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()]
    const headers = { cookie: `shop=${shopSessionOf(browser)}` }
    const askLater = async (): Promise<unknown> =>
      (await server.server.sessions.current(new Request(shop.origin, { headers })))?.user.id
    shop.tell = (request, original) => {
      shop.tell = tell
      void answered.promise.then(async () => later.resolve(await askLater().catch(String)))
      return tell(request, original)
    }
    await browser.open(server.endpoint('/account/devices'))
    answered.resolve()
    expect(await later.promise).toBe('ada')
  })

  test.each([
    ['a Date', (time: number) => new Date(time)],
    ['a fraction of a millisecond', (time: number) => time + 0.5],
  ])('may have the time of the sign-in as %s', async (_, timeOf) => {
    const time = now()
    shop.tell = () => ({ id: 'ada', authenticatedAt: timeOf(time) })
    await openShopBrowser(shop).open(server.endpoint('/account/devices'))
    expect((await devicesOf('ada')).map(({ authenticatedAt }) => authenticatedAt)).toEqual([time])
  })

  test('does not answer, the request ends after 5 seconds', async () => {
    const response = await unanswered
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(server.logs.join('')).toContain('appSession.current of silent did not return within 5 seconds')
  })

  test('a time in the future counts as the time at which it was first seen', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const later = now() + 600_000
    shop.tell = () => ({ ...user, authenticatedAt: later, sessionId: 'one' })
    await authorize(browser, { prompt: 'login' })
    server.clock.advance('5s')
    expect((await browser.open(lastVisit().get('return_to') ?? '')).status).toBe(403)
    const [device] = await devicesOf('ada')
    expect(device?.authenticatedAt).toBeLessThan(now())
  })

  test('a sign-in of more than 400 days ago needs a new one', async () => {
    shop.tell = () => ({ ...user, authenticatedAt: now() - 401 * 86_400_000, sessionId: 'old' })
    await openShopBrowser(shop, 'ada').open(server.endpoint('/account/devices'))
    expect(lastVisit().get('prompt')).toBe('login')
  })
})

describe('a sensitive action after an old sign-in', () => {
  test('needs a new sign-in at the app, not a password', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const recent = await browser.open(server.endpoint('/account/tokens'))
    server.clock.advance('20m')
    await browser.press(recent, 'Generate token', { name: 'Backup', current_password: 'guess' })
    expect([shop.visits.at(-1)?.pathname, lastVisit().get('prompt')]).toEqual(['/sign-in', 'login'])
    const page = await browser.open(server.endpoint('/account/tokens'))
    expect(page.forms.map(({ label }) => label)).not.toContain('Generate token')
    expect(page.text).toContain('To generate a token, sign in again.')
    await browser.open(linkTo(page, 'Sign in again'))
    const returnTo = lastVisit().get('return_to') ?? ''
    expect((await browser.open(returnTo)).status).toBe(403)
    signInAgain(shop, browser)
    const form = await browser.open(returnTo)
    expect((await browser.press(form, 'Generate token', { name: 'Backup' })).text).toContain('Your new token')
  })

  test('needs a new sign-in if the app returns an earlier one than before', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const open = () => browser.open(server.endpoint('/account/tokens'))
    expect((await open()).forms.map(({ label }) => label)).toContain('Generate token')
    const session = shop.sessions.get(shopSessionOf(browser))
    if (session) session.signedInAt -= 20 * 60_000
    expect((await open()).forms.map(({ label }) => label)).not.toContain('Generate token')
  })

  test('is refused by the JSON API with the age that it allows', async () => {
    const browser = openShopBrowser(shop, 'ada')
    const path = server.endpoint('/oauth/personal-access-tokens')
    const list = await browser.open(path, { headers: { accept: 'application/json' } })
    server.clock.advance('20m')
    const page = await browser.open(path, {
      method: 'POST',
      body: JSON.stringify({ name: 'Backup', current_password: 'guess' }),
      headers: {
        'content-type': 'application/json',
        'x-csrf-token': list.headers.get('x-csrf-token') ?? '',
      },
    })
    expect(page.status).toBe(401)
    expect(page.headers.get('www-authenticate')).toContain('max_age="900"')
  })
})

test('POST of the sign-in page is off', async () => {
  const body = new URLSearchParams({ username: 'ada', password: 'secret' })
  const response = await fetch(server.endpoint('/login'), { method: 'POST', body })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

describe('without IDs of the app sessions', () => {
  test('our own cookie keeps the device, and a newer sign-in renews it', async () => {
    await using other = await startShop({ hasNoIds: true })
    const open = (browser: Browser) => browser.open(other.server.endpoint('/account/devices'))
    const devices = () => other.server.server.sessions.list('ada')
    const browser = openShopBrowser(other, 'ada')
    await Promise.all([open(browser), open(browser), open(browser)])
    expect(await devices()).toHaveLength(1)
    const [first] = await devices()
    signInAgain(other, browser)
    await open(browser)
    expect((await devices()).map(({ id }) => id)).toEqual([first?.id])
    await open(openShopBrowser(other, 'ada'))
    expect(await devices()).toHaveLength(2)
    const session = other.sessions.get(shopSessionOf(browser))
    if (session) Object.assign(session, { userId: 'bob', signedInAt: other.server.clock.now() })
    await open(browser)
    expect(await devices()).toHaveLength(1)
    expect(await other.server.server.sessions.list('bob')).toHaveLength(1)
  })
})

describe('without appSession.current, the app starts our sessions itself', () => {
  test('the user is sent to the app, which starts a session', async () => {
    await using other = await startShop({ appSession: { current: undefined as never } })
    const browser = openShopBrowser(other)
    await browser.open(other.server.endpoint('/account/devices'))
    const returnTo = other.visits.at(-1)?.searchParams.get('return_to') ?? ''
    expect((await browser.open(returnTo)).text).toContain("You're not signed in")
    await startInApp(other.server, browser, 'ada')
    const page = await browser.open(returnTo)
    expect(page.text).toContain('This device')
    await browser.open(authorizationUrl(other.server, await other.server.addClient(), { prompt: 'login' }))
    const forced = other.visits.at(-1)?.searchParams.get('return_to') ?? ''
    expect((await browser.open(forced)).text).toContain('Sign in again')
  })

  test('with it, the app cannot start them', async () => {
    const start = server.server.sessions.start('ada', { request: { headers: {} } })
    await expect(start).rejects.toThrow('appSession.current')
  })
})

test('maxSessions signs out the oldest device, whose session of the app does not bring it back', async () => {
  await using other = await startShop({ maxSessions: 1 })
  const open = (browser: Browser) => browser.open(other.server.endpoint('/account/devices'))
  const [oldest, newest] = [openShopBrowser(other, 'ada'), openShopBrowser(other, 'ada')]
  await open(oldest)
  other.server.clock.advance('1s')
  expect((await open(newest)).status).toBe(200)
  await open(oldest)
  expect(other.visits.at(-1)?.searchParams.get('prompt')).toBe('login')
  expect(await other.server.server.sessions.list('ada')).toHaveLength(1)
  signInAgain(other, oldest)
  expect((await open(oldest)).url.pathname).toBe('/account/devices')
  expect(await other.server.server.sessions.list('ada')).toHaveLength(1)
})
