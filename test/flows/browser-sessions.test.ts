import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError, type RequestLike } from '../../src/index.ts'
import { appRequest, startInApp } from '../support/app-request.ts'
import { openBrowser, type Browser } from '../support/browser.ts'
import { authorizationUrl, callApi, getCodeFlowTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { createUserTable } from '../support/user-table.ts'

const server = await startServer({ trustedProxies: ['10.0.0.1'] })
const { sessions } = server.server
const user = await server.addUser()
afterAll(server.close)

const cookieNames = (cookies: readonly string[]): readonly string[] =>
  cookies.map((cookie) => cookie.split('=', 1)[0] ?? '').toSorted()

const eventsOf = (id: string): readonly string[] =>
  server.events.filter(({ payload }) => payload['sessionId'] === id).map(({ name }) => name)

const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.open(server.endpoint('/login'))).text.includes("You're signed in")

describe('a session that the app starts', () => {
  test('is the session of all pages', async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user)
    expect(await isSignedIn(browser)).toBe(true)
    const consent = await browser.open(authorizationUrl(server, await server.addClient()))
    expect((await browser.press(consent, 'Allow')).url.searchParams.get('code')).toMatch(/./)
  })

  test('sets the cookies that our own form sets', async () => {
    const { cookies } = await sessions.start(user, { request: appRequest(openBrowser(server)) })
    expect(cookieNames(cookies)).toEqual(['consulate_browser', 'consulate_device', 'consulate_session'])
    for (const cookie of cookies) expect(cookie).toContain('; Path=/; HttpOnly; SameSite=Lax')
  })

  test('is in the list of devices, with its name, address and methods', async () => {
    const one = await server.addUser()
    const headers = { 'x-forwarded-for': '203.0.113.9, 198.51.100.4' }
    const request = { ...appRequest(openBrowser(server), headers), peer: '10.0.0.1' }
    const { session } = await sessions.start(one, { request, methods: ['hwk', 'user'] })
    expect(session).toMatchObject({
      deviceName: 'Firefox on Linux',
      address: '198.51.100.4',
      methods: ['hwk', 'user'],
    })
    expect(await sessions.list(one)).toEqual([session])
    const named = await sessions.start(one, { request: { headers: {} }, deviceName: ' Kitchen ' })
    expect(named.session).toMatchObject({ deviceName: 'Kitchen', address: '', methods: [] })
  })

  test('announces a device that is new to the user only once', async () => {
    const browser = openBrowser(server)
    const one = await server.addUser()
    const first = await startInApp(server, browser, one)
    expect(eventsOf(first.id)).toEqual(['session.started', 'device.new'])
    browser.receive((await sessions.end(appRequest(browser))).cookies)
    const second = await startInApp(server, browser, one)
    expect(eventsOf(second.id)).toEqual(['session.started'])
  })

  test('outlives the browser only if the app says so', async () => {
    const maxAges = async (keepSignedIn?: boolean): Promise<readonly boolean[]> => {
      const request = appRequest(openBrowser(server))
      const { cookies } = await sessions.start(user, {
        request,
        ...(keepSignedIn !== undefined && { keepSignedIn }),
      })
      return cookies
        .filter((each) => !each.includes('_device'))
        .map((each) => each.includes('Max-Age=2592000'))
    }
    expect(await maxAges(true)).toEqual([true, true])
    expect(await maxAges(false)).toEqual([false, false])
    expect(await maxAges()).toEqual([false, false])
  })

  test("ends with the browser if the configuration has keepSignedIn: 'off'", async () => {
    await using strict = await startServer({ keepSignedIn: 'off' })
    const options = { request: { headers: {} }, keepSignedIn: true }
    const { cookies } = await strict.server.sessions.start(await strict.addUser(), options)
    expect(cookies.find((each) => each.startsWith('consulate_session='))).not.toContain('Max-Age')
  })

  test('renews the session that the user already has in this browser', async () => {
    const browser = openBrowser(server)
    const one = await server.addUser()
    await browser.signIn(await browser.open(server.endpoint('/login')), one)
    const [before] = await sessions.list(one)
    server.clock.advance('1m')
    const session = await startInApp(server, browser, one, { methods: ['otp'] })
    expect(before).toMatchObject({ id: session.id, methods: ['pwd'] })
    expect(await sessions.list(one)).toEqual([session])
    expect(session.methods).toEqual(['otp'])
    expect(session.authenticatedAt - (before?.authenticatedAt ?? 0)).toBeGreaterThanOrEqual(60_000)
  })

  test('counts toward maxSessions', async () => {
    await using few = await startServer({ maxSessions: 2 })
    const one = await few.addUser()
    const ids: string[] = []
    for (let count = 0; count < 3; count += 1) {
      few.clock.advance('1s')
      ids.push((await startInApp(few, openBrowser(few), one)).id)
    }
    expect((await few.server.sessions.list(one)).map(({ id }) => id).toSorted()).toEqual(
      ids.slice(1).toSorted(),
    )
  })

  test.each<[string, object, readonly string[]]>([
    ['no request', { request: undefined }, ['request']],
    ['a request without headers', { request: {} }, ['request']],
    ['a device name with a line break', { deviceName: 'a\nb' }, ['deviceName']],
    ['methods that are no list', { methods: 'pwd' }, ['methods']],
    ['a method with a space', { methods: ['pass word'] }, ['methods']],
    ['two problems', { keepSignedIn: 'yes', methods: [7] }, ['keepSignedIn', 'methods']],
  ])('rejects %s', async (_what, options, paths) => {
    const error = await sessions
      .start(user, { request: appRequest(openBrowser(server)), ...options })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).problems.map(({ path }) => path)).toEqual(paths)
  })

  test('rejects missing options', async () => {
    await expect(Reflect.apply(sessions.start, sessions, [user])).rejects.toThrow('request: must be')
    await expect(Reflect.apply(server.server.attempt, server.server, [])).rejects.toThrow('request: must be')
  })

  test('rejects unknown users and providers', async () => {
    const request = appRequest(openBrowser(server))
    await expect(sessions.start('unknown', { request })).rejects.toThrow('does not exist or is disabled')
    await expect(sessions.start({ id: user.id, provider: 'google' }, { request })).rejects.toThrow(
      'has no provider "google"',
    )
    await expect(sessions.current(request, { provider: 'google' })).rejects.toThrow(ConfigError)
    await expect(sessions.end(request, { provider: 'google' })).rejects.toThrow(ConfigError)
  })
})

describe('the current session', () => {
  test('has the user, and sets no cookie if nothing changed', async () => {
    const browser = openBrowser(server)
    const session = await startInApp(server, browser, user)
    const current = await sessions.current(appRequest(browser))
    expect(current).toEqual({
      user: { id: user.id, email: user.email, name: user.email },
      session,
      cookies: [],
    })
  })

  test('is found by our own form too', async () => {
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    expect(await sessions.current(appRequest(browser))).toMatchObject({
      user: { id: user.id },
      session: { methods: ['pwd'] },
    })
  })

  test('extends its cookie at most once a minute if it outlives the browser', async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user, { keepSignedIn: true })
    server.clock.advance('2m')
    const [first, second] = [
      await sessions.current(appRequest(browser)),
      await sessions.current(appRequest(browser)),
    ]
    expect(cookieNames(first?.cookies ?? [])).toEqual(['consulate_session'])
    expect(first?.cookies[0]).toContain('Max-Age=2592000')
    expect(second?.cookies).toEqual([])
  })

  test.each<[string, (browser: Browser) => RequestLike]>([
    ['a Request', ({ cookies }) => new Request('http://a', { headers: { cookie: cookieOf(cookies) } })],
    ['headers', ({ cookies }) => ({ headers: new Headers({ cookie: cookieOf(cookies) }) })],
    ['a node message', ({ cookies }) => ({ headers: { cookie: cookieOf(cookies) }, socket: {} })],
    ['repeated cookie headers', ({ cookies }) => ({ headers: { cookie: ['a=b', cookieOf(cookies)] } })],
    ['header names in capitals', ({ cookies }) => ({ headers: { Cookie: cookieOf(cookies) } })],
  ])('is found in %s', async (_what, toRequest) => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user)
    expect(await sessions.current(toRequest(browser))).toMatchObject({ user: { id: user.id } })
  })

  test('is undefined for guests, after a sign-out and after expiry', async () => {
    const browser = openBrowser(server)
    expect(await sessions.current(appRequest(browser))).toBe(undefined)
    await startInApp(server, browser, user)
    server.clock.advance('13h')
    expect(await sessions.current(appRequest(browser))).toBe(undefined)
    const { id } = await startInApp(server, browser, user)
    await sessions.revoke(id)
    expect(await sessions.current(appRequest(browser))).toBe(undefined)
  })

  test('is undefined for a user who was disabled, and starting one is refused', async () => {
    const table = createUserTable([{ id: '7', email: 'ada@example.com', password: '' }])
    await using own = await startServer({ users: table.provider })
    const browser = openBrowser(own)
    await startInApp(own, browser, '7')
    expect(await own.server.sessions.current(appRequest(browser))).toMatchObject({ user: { id: '7' } })
    table.users.delete('7')
    expect(await own.server.sessions.current(appRequest(browser))).toBe(undefined)
    await expect(startInApp(own, browser, '7')).rejects.toThrow('does not exist or is disabled')
  })
})

const cookieOf = (cookies: ReadonlyMap<string, string>): string =>
  [...cookies].map((pair) => pair.join('=')).join('; ')

describe('ending a session', () => {
  test('signs out, revokes the tokens of first-party clients and deletes the cookie', async () => {
    const browser = openBrowser(server)
    const client = await server.addClient()
    const { id } = await startInApp(server, browser, user)
    const consent = await browser.open(authorizationUrl(server, client))
    expect(consent.text).toContain('Orchard')
    const { access_token: token } = await getCodeFlowTokens({ server, browser, user, client })
    expect((await callApi(server, '/me', token)).status).toBe(200)
    const { cookies } = await sessions.end(appRequest(browser))
    expect(cookies).toEqual([expect.stringMatching(/^consulate_session=; .*Max-Age=0/)])
    browser.receive(cookies)
    expect((await callApi(server, '/me', token)).status).toBe(401)
    expect(await isSignedIn(browser)).toBe(false)
    expect(server.events.findLast(({ name }) => name === 'session.ended')?.payload).toMatchObject({
      sessionId: id,
      reason: 'sign_out',
    })
  })

  test('does nothing if repeated, or if no user is signed in', async () => {
    const browser = openBrowser(server)
    await startInApp(server, browser, user)
    const request = appRequest(browser)
    const first = await sessions.end(request)
    const count = server.events.length
    expect(await sessions.end(request)).toEqual(first)
    expect(await sessions.end({ headers: {} })).toEqual({ cookies: [] })
    expect(server.events).toHaveLength(count)
  })
})
