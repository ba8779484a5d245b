import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { callApi, fetchJson, formBody, getCodeFlowTokens, getTokens } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import { startServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postRefresh, type DeviceTokens } from '../support/sign-in-api.ts'

const grants = [...commonConfig().grants, signIn()]
const server = await startServer({
  grants,
  locate: (address) => (address === '127.0.0.1' ? 'Hanoi' : undefined),
})
afterAll(server.close)

const threeDevices = async (user: TestUser): Promise<[DeviceTokens, DeviceTokens, DeviceTokens]> => [
  await logIn(server, user, { device_name: 'iPhone' }),
  await logIn(server, user, { device_name: 'iPad' }),
  await logIn(server, user, { device_name: 'iMac' }),
]

/** Returns whether each device can call an API and refresh. */
const areSignedIn = async (...devices: readonly DeviceTokens[]): Promise<readonly boolean[]> =>
  Promise.all(
    devices.map(async ({ access_token: access, refresh_token: token }) => {
      const statuses = [
        (await callApi(server, '/me', access)).status,
        (await postRefresh(server, token)).status,
      ]
      expect(statuses[0]).toBe(statuses[1])
      return statuses[0] === 200
    }),
  )

const post = (path: string, token: string) => callSignInApi(server, path, { token })

describe('signing out', () => {
  test('one device leaves the others signed in', async () => {
    const [iPhone, iPad, iMac] = await threeDevices(await server.addUser())
    const { status, headers } = await post('/auth/logout', iPhone.access_token)
    expect([status, headers.get('content-length')]).toEqual([204, null])
    expect(await areSignedIn(iPhone, iPad, iMac)).toEqual([false, true, true])
  })

  test('another device works even if the app has rewritten the path', async () => {
    const user = await server.addUser()
    const [iPhone, iPad] = await threeDevices(user)
    const iPadSession = (await server.server.sessions.list(user.id)).find(
      ({ deviceName }) => deviceName === 'iPad',
    )
    const response = await server.server.core.handle({
      method: 'DELETE',
      path: '/my/ipad',
      routedPath: `/auth/devices/${iPadSession?.id}`,
      query: '',
      peer: '127.0.0.1',
      header: (name) => (name === 'authorization' ? `Bearer ${iPhone.access_token}` : undefined),
      body: async () => '',
      original: undefined,
    })
    expect(response?.status).toBe(204)
    expect(await areSignedIn(iPhone, iPad)).toEqual([true, false])
  })

  test('the others leaves this one signed in', async () => {
    const user = await server.addUser()
    const [iPhone, iPad, iMac] = await threeDevices(user)
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    expect((await post('/auth/logout-others', iPad.access_token)).status).toBe(204)
    expect(await areSignedIn(iPhone, iPad, iMac)).toEqual([false, true, false])
    const page = await browser.open(server.endpoint('/login'))
    expect(page.forms.map(({ label }) => label)).toContain('Sign in')
  })

  test('all devices includes this one, but keeps other users and personal access tokens', async () => {
    const [user, other] = [await server.addUser(), await server.addUser()]
    const devices = await threeDevices(user)
    const theirs = await logIn(server, other)
    const { accessToken } = await server.server.personalTokens.create(user, { name: 'Backup' })
    server.knownSecrets.add('personal access token', accessToken)
    expect((await post('/auth/logout-all', devices[0].access_token)).status).toBe(204)
    expect(await areSignedIn(...devices, theirs)).toEqual([false, false, false, true])
    expect((await callApi(server, '/me', accessToken)).status).toBe(200)
    expect((await logIn(server, user)).session_id).not.toBe(devices[0].session_id)
  })

  test('can be repeated, and works with tokens that have expired or were rotated', async () => {
    const user = await server.addUser()
    const [iPhone, iPad, iMac] = await threeDevices(user)
    for (let count = 0; count < 3; count += 1)
      expect((await post('/auth/logout', iPhone.access_token)).status).toBe(204)
    await postRefresh(server, iMac.refresh_token)
    server.clock.advance('2h')
    expect((await post('/auth/logout', iPad.access_token)).status).toBe(204)
    const byRefreshToken = { body: { refresh_token: iMac.refresh_token } }
    for (let count = 0; count < 2; count += 1)
      expect((await callSignInApi(server, '/auth/logout', byRefreshToken)).status).toBe(204)
    expect(await server.server.sessions.list(user.id)).toEqual([])
    expect(await areSignedIn(iPhone, iPad, iMac)).toEqual([false, false, false])
  })

  test('takes the refresh token in a form too', async () => {
    const tokens = await logIn(server, await server.addUser())
    const body = formBody({ refresh_token: tokens.refresh_token })
    expect((await fetchJson(server, '/auth/logout', { method: 'POST', body })).status).toBe(204)
    expect(await areSignedIn(tokens)).toEqual([false])
  })

  test('answers 204 even when the session is no longer stored', async () => {
    const tokens = await logIn(server, await server.addUser())
    await post('/auth/logout', tokens.access_token)
    server.clock.advance('30d')
    await server.server.purge({ hours: 0 })
    expect(await server.store.sessions.find(tokens.session_id)).toBeUndefined()
    expect((await post('/auth/logout', tokens.access_token)).status).toBe(204)
    server.clock.turnBack('30d')
  })

  test('needs a genuine token', async () => {
    const { access_token: token, refresh_token: refreshToken } = await logIn(server, await server.addUser())
    const forged = refreshToken.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    const responses = await Promise.all([
      callSignInApi(server, '/auth/logout'),
      callSignInApi(server, '/auth/logout', { body: {} }),
      callSignInApi(server, '/auth/logout', { token: `${token.slice(0, -8)}AAAAAAAA` }),
      callSignInApi(server, '/auth/logout', { token: refreshToken }),
      callSignInApi(server, '/auth/logout', { body: { refresh_token: forged } }),
      callSignInApi(server, '/auth/logout', { headers: { authorization: 'Basic YTpi' } }),
    ])
    expect(responses.map(({ status, body }) => `${status} ${String(body['error_description'])}`)).toEqual([
      '401 Missing token',
      '401 Missing token',
      ...Array.from({ length: 4 }, () => '401 Invalid token'),
    ])
    for (const { headers } of responses) expect(headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
    expect((await callApi(server, '/me', token)).status).toBe(200)
  })
})

describe('the list of devices', () => {
  test('marks this one, and includes browsers and other apps', async () => {
    const user = await server.addUser()
    const phone = await logIn(server, user, { device_name: 'iPhone' })
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const { status, body } = await callSignInApi(server, '/auth/devices', {
      method: 'GET',
      token: phone.access_token,
    })
    expect(status).toBe(200)
    const inBrowser = (await server.server.sessions.list(user)).find(({ id }) => id !== phone.session_id)
    const seconds = expect.toSatisfy(
      (time: number) => Math.abs(time - server.clock.now() / 1000) < 60 && Number.isInteger(time),
    ) as unknown
    const shared = { address: '127.0.0.1', place: 'Hanoi', created_at: seconds, last_seen_at: seconds }
    expect(Object.values(body)).toEqual([
      { id: inBrowser?.id, name: 'Firefox on Linux', is_current: false, ...shared },
      { id: phone.session_id, name: 'iPhone', is_current: true, ...shared },
    ])
  })

  test('shows when each was last seen, which a refresh updates', async () => {
    const user = await server.addUser()
    const [phone, tablet] = [await logIn(server, user), await logIn(server, user)]
    server.clock.advance('1h')
    await postRefresh(server, tablet.refresh_token)
    const { access_token: token } = await logIn(server, user)
    const { body } = await callSignInApi(server, '/auth/devices', { method: 'GET', token })
    const seen = new Map(
      Object.values(body as Record<string, { id: string; last_seen_at: number }>).map((device) => [
        device.id,
        device.last_seen_at,
      ]),
    )
    const later = (seen.get(tablet.session_id) ?? 0) - (seen.get(phone.session_id) ?? 0)
    expect(Math.abs(later - 3600)).toBeLessThan(60)
  })

  test('signs out one of them, as often as asked, and a browser too', async () => {
    const user = await server.addUser()
    const [iPhone, iPad, iMac] = await threeDevices(user)
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const known = new Set([iPhone, iPad, iMac].map(({ session_id: id }) => id))
    const inBrowser = (await server.server.sessions.list(user)).find(({ id }) => !known.has(id))
    const signOut = (id = '') =>
      callSignInApi(server, `/auth/devices/${id}`, { method: 'DELETE', token: iPhone.access_token })
    for (const id of [iMac.session_id, iMac.session_id, inBrowser?.id])
      expect((await signOut(id)).status).toBe(204)
    expect(await areSignedIn(iPad, iMac)).toEqual([true, false])
    const page = await browser.open(server.endpoint('/login'))
    expect(page.forms.map(({ label }) => label)).toContain('Sign in')
    expect((await signOut(iPhone.session_id)).status).toBe(204)
    expect(await areSignedIn(iPhone)).toEqual([false])
  })

  test("answers 404 for another user's device, an unknown one and none", async () => {
    const [user, other] = [await server.addUser(), await server.addUser()]
    const { access_token: token } = await logIn(server, user)
    const theirs = await logIn(server, other)
    for (const id of [theirs.session_id, 'unknown', 'a%2fb', 'x'.repeat(5000)]) {
      const path = `/auth/devices/${id}`
      const { status, body } = await callSignInApi(server, path, { method: 'DELETE', token })
      expect([status, body['error']]).toEqual([404, 'not_found'])
    }
    expect(await areSignedIn(theirs)).toEqual([true])
  })
})

describe('each endpoint that needs a token', () => {
  const ENDPOINTS = [
    ['POST', '/auth/logout-others'],
    ['POST', '/auth/logout-all'],
    ['GET', '/auth/devices'],
    ['DELETE', '/auth/devices/any'],
  ] as const

  test.each(ENDPOINTS)('says why it refuses one: %s %s', async (method, path) => {
    const user = await server.addUser()
    const [expired, revoked] = [await logIn(server, user), await logIn(server, user)]
    await post('/auth/logout', revoked.access_token)
    const reasonOf = async (token?: string): Promise<string> => {
      const { status, headers, body } = await callSignInApi(server, path, {
        method,
        ...(token !== undefined && { token }),
      })
      expect(status).toBe(401)
      const challenge = headers.get('www-authenticate') ?? ''
      if (token !== undefined) expect(challenge).toContain(`error="invalid_token", error_description="`)
      return String(body['error_description'])
    }
    expect(await reasonOf()).toBe('Missing token')
    expect(await reasonOf('nonsense')).toBe('Invalid token')
    expect(await reasonOf(revoked.access_token)).toBe('Token revoked')
    server.clock.advance('16m')
    expect(await reasonOf(expired.access_token)).toBe('Token expired')
  })

  test.each([['POST', '/auth/logout'] as const, ...ENDPOINTS])(
    "accepts no token of a client, a machine or a script, so that an app can't sign its user out: %s %s",
    async (method, path) => {
      const user = await server.addUser()
      const phone = await logIn(server, user)
      const client = await server.addClient()
      const app = await getCodeFlowTokens({ server, browser: openBrowser(server), client, user })
      const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
      const { access_token: machineToken } = await getTokens(server, machine, {
        grant_type: 'client_credentials',
      })
      const script = await server.server.personalTokens.create(user, { name: 'Backup', scopes: ['*'] })
      server.knownSecrets.add('personal access token', script.accessToken)
      for (const token of [app.access_token, machineToken, script.accessToken]) {
        const { status, body } = await callSignInApi(server, path, { method, token })
        expect([status, body['error_description']]).toEqual([401, 'Invalid token'])
      }
      expect(await areSignedIn(phone)).toEqual([true])
    },
  )
})

test('each provider has its own login, and users with the same ID have their own devices', async () => {
  const two = await startTwoProviders({ grants })
  onTestFinished(two.server.close)
  const { users, customers } = two.sides
  const staff = await logIn(two.server, users.user)
  const shop = await callSignInApi(two.server, '/auth/login/customers', {
    body: { username: customers.user.email, password: customers.user.password },
  })
  expect(shop.status).toBe(200)
  const crossed = await callSignInApi(two.server, '/auth/login/customers', {
    body: { username: users.user.email, password: users.user.password },
  })
  expect(crossed.status).toBe(401)
  const token = String(shop.body['access_token'])
  expect((await customers.callApi('/me', token)).status).toBe(200)
  expect((await users.callApi('/me', token)).status).toBe(401)
  const list = await callSignInApi(two.server, '/auth/devices', { method: 'GET', token })
  expect(Object.values(list.body)).toMatchObject([{ id: shop.body['session_id'], is_current: true }])
  const path = `/auth/devices/${staff.session_id}`
  expect((await callSignInApi(two.server, path, { method: 'DELETE', token })).status).toBe(404)
  expect((await callSignInApi(two.server, '/auth/logout-all', { token })).status).toBe(204)
  expect((await postRefresh(two.server, staff.refresh_token)).status).toBe(200)
  expect((await postRefresh(two.server, String(shop.body['refresh_token']))).status).toBe(401)
})
