import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestServer } from '../../src/testing/index.ts'
import { SCOPES } from '../support/config.ts'

/* The clients, browsers and users of a test server. */
const server = createTestServer({ scopes: SCOPES })
const requireRead = server.user('orders:read')
const requestWith = (token: string): Request =>
  new Request('https://issuer.test/orders', { headers: { authorization: `Bearer ${token}` } })
const statusOf = (answer: object): number => (answer instanceof Response ? answer.status : 200)
const read = async (token: string): Promise<number> => statusOf(await requireRead(requestWith(token)))

beforeEach(() => server.clock.reset())
afterAll(() => server.close())

describe('a client', () => {
  const request = { scopes: ['orders:read'] } as const

  test.each(['web', 'spa', 'native', 'public', 'third-party', 'implicit'] as const)(
    'that is %s signs a user in, or is denied',
    async (kind) => {
      const user = await server.createUser()
      const client = await server.createClient(kind)
      const tokens = await client.signIn(user, request)
      expect(tokens).toMatchObject({ scopes: ['orders:read'], expiresIn: 900 })
      expect(await read(tokens.accessToken)).toBe(200)
      const denied = client.signIn(user, { ...request, allow: false })
      await expect(denied).rejects.toMatchObject({ code: 'access_denied' })
    },
  )

  test('on a device is allowed or denied', async () => {
    const [user, device] = [await server.createUser(), await server.createClient('device')]
    expect(await read((await device.connectDevice(user, request)).accessToken)).toBe(200)
    const denied = device.connectDevice(user, { ...request, allow: false })
    await expect(denied).rejects.toMatchObject({ code: 'access_denied' })
  })

  test('signs in with the password of a user', async () => {
    const client = await server.createClient('password')
    const users = [await server.createUser(), await server.createUser({ password: 'a password of my own' })]
    for (const user of users)
      expect(await read((await client.signInWithPassword(user, request)).accessToken)).toBe(200)
    const wrong = client.signInWithPassword({ ...users[0], email: users[0]?.email ?? '', password: 'wrong' })
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_grant', status: 400 })
  })

  test('that is a machine gets a token for itself', async () => {
    const client = await server.createClient('machine', { scopes: ['orders:read'] })
    const { accessToken } = await client.getToken(request)
    expect(statusOf(await server.machine('orders:read')(requestWith(accessToken)))).toBe(200)
  })

  test('refreshes until the clock has passed the lifetime of the refresh token', async () => {
    const [user, client] = [await server.createUser(), await server.createClient('spa')]
    const first = await client.signIn(user, request)
    server.clock.advance('29d')
    const second = await client.refresh(first)
    expect([await read(first.accessToken), await read(second.accessToken)]).toEqual([401, 200])
    server.clock.advance('30d')
    await expect(client.refresh(second)).rejects.toMatchObject({ code: 'invalid_grant' })
  })

  test('revokes its own tokens', async () => {
    const [user, client] = [await server.createUser(), await server.createClient('web')]
    const tokens = await client.signIn(user, request)
    await client.revoke(tokens.refreshToken ?? '')
    expect(await read(tokens.accessToken)).toBe(401)
    expect(
      (await client.requestToken({ grant_type: 'refresh_token', refresh_token: tokens.refreshToken })).status,
    ).toBe(400)
  })

  test('uses the browser that the test passes', async () => {
    const [ada, grace, client] = [
      await server.createUser(),
      await server.createUser(),
      await server.createClient('spa'),
    ]
    const browser = await server.openBrowser(ada)
    const { accessToken } = await client.signIn(grace, { ...request, browser })
    expect(await requireRead(requestWith(accessToken))).toMatchObject({ user: { id: ada.id } })
    const nobody = client.signIn(ada, { browser: await server.openBrowser() })
    await expect(nobody).rejects.toThrow('/login')
  })
})

describe('a browser', () => {
  test('opens the pages of the signed-in user, with a cookie that routes of the app know', async () => {
    const user = await server.createUser()
    const browser = await server.openBrowser(user)
    const page = await browser.fetch('/account/devices')
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Firefox on Linux')])
    expect(await server.sessions.current({ headers: { cookie: browser.cookie } })).toMatchObject({
      user: { id: user.id },
    })
    server.clock.advance('13h')
    expect((await browser.fetch('/account/devices')).status).toBe(303)
  })

  test('calls the API of the app by its session, with the headers of a page', async () => {
    await using spa = createTestServer({ scopes: SCOPES, apiCookie: {} })
    const user = await spa.createUser()
    const browser = await spa.openBrowser(user)
    const call = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const url = 'https://issuer.test/orders'
      return spa.user('orders:create')(new Request(url, { method: 'POST', headers }))
    }
    expect(await call(browser.headers)).toMatchObject({ user: { id: user.id } })
    expect(await call({ cookie: browser.cookie })).toMatchObject({ status: 403 })
    expect((await browser.fetch('/oauth/token/refresh', { method: 'POST' })).ok).toBe(true)
  })

  test('keeps and deletes cookies as responses say', async () => {
    const browser = await server.openBrowser()
    browser.receive(['a=1; Path=/', 'b=2; HttpOnly'])
    browser.receive(['a=; Path=/; Max-Age=0'])
    expect(browser.cookie).toBe('b=2')
  })
})

describe('a user', () => {
  test('has an email address that is free, or the one that the test chooses', async () => {
    expect(await server.createUser({ email: 'Ada@example.com', name: 'Ada' })).toMatchObject({
      email: 'ada@example.com',
      name: 'Ada',
    })
    await expect(server.createUser({ email: 'ada@example.com' })).rejects.toMatchObject({
      problems: [{ path: 'email' }],
    })
  })

  test('of the app is created by the app', async () => {
    await using own = createTestServer({
      users: {
        find: async (id) => (id === '7' ? { id } : undefined),
        findByUsername: async () => undefined,
        verifyPassword: async () => false,
      },
    })
    await expect(own.createUser()).rejects.toMatchObject({ problems: [{ path: 'users' }] })
    const client = await own.createClient('spa')
    expect((await client.signIn({ id: 7 })).scopes).toEqual([])
  })
})
