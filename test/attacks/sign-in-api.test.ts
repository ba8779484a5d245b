import { afterAll, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { decodeToken, signToken } from '../support/forge.ts'
import { callApi, comparable, fetchJson, formBody, type JsonResponse } from '../support/oauth-client.ts'
import { startServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postRefresh } from '../support/sign-in-api.ts'
import { createUserTable } from '../support/user-table.ts'

const LIMIT = 3
const grants = [...commonConfig().grants, signIn({ origins: ['https://shop.example'] })]
/** Its passwords cost nothing to check. */
const table = createUserTable()
const server = await startServer({
  grants,
  users: table.provider,
  throttle: { perAccount: { failures: LIMIT, window: '15m' }, perAddress: { failures: 50, window: '1m' } },
  trustedProxies: ['127.0.0.1'],
})
afterAll(server.close)

function addUser(): TestUser {
  const id = `user-${table.users.size}`
  const password = server.knownSecrets.add('password', `the password of ${id}`)
  const added = { id, email: `${id}@example.com`, password }
  table.users.set(id, added)
  return added
}

const WRONG = 'a wrong password'

let addresses = 0
/** Sends a login from an address that has no failures yet. */
const loginFrom = (
  { email, password }: Pick<TestUser, 'email' | 'password'>,
  parameters: Readonly<Record<string, string>> = {},
  address = `198.51.100.${(addresses += 1)}`,
): Promise<JsonResponse> =>
  callSignInApi(server, '/auth/login', {
    body: { username: email, password, ...parameters },
    headers: { 'x-forwarded-for': address },
  })

async function lockOut({ email }: TestUser): Promise<void> {
  for (let count = 0; count < LIMIT; count += 1)
    expect((await loginFrom({ email, password: WRONG })).status).toBe(401)
}

describe('guessed passwords', () => {
  test('are counted for the account, from any address, together with those on the sign-in page', async () => {
    const user = addUser()
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), { ...user, password: WRONG })
    for (let count = 1; count < LIMIT; count += 1)
      expect((await loginFrom({ ...user, password: WRONG })).status).toBe(401)
    const { status, headers, body } = await loginFrom(user)
    expect([status, body['error']]).toEqual([429, 'too_many_requests'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(800)
    const page = await browser.signIn(await browser.open(server.endpoint('/login')), user)
    expect(page.status).toBe(429)
    expect(await server.server.sessions.list(user.id)).toEqual([])
  })

  test('that are sent in parallel cannot exceed the limit', async () => {
    const user = addUser()
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => loginFrom({ ...user, password: WRONG })),
    )
    expect(responses.filter(({ status }) => status === 401)).toHaveLength(LIMIT)
  })

  test('do not lock a user out of a device with its device token, which survives a sign-out', async () => {
    const user = addUser()
    const { body } = await loginFrom(user)
    await callSignInApi(server, '/auth/logout', { token: String(body['access_token']) })
    await lockOut(user)
    expect((await loginFrom(user)).status).toBe(429)
    const known = await loginFrom(user, { device_token: String(body['device_token']) })
    expect(known.status).toBe(200)
  })

  test('have a limit of their own with a stolen device token, which is worth nothing for another user', async () => {
    const [user, other] = [addUser(), addUser()]
    const token = String((await loginFrom(user)).body['device_token'])
    for (let count = 0; count < LIMIT; count += 1)
      expect((await loginFrom({ ...user, password: WRONG }, { device_token: token })).status).toBe(401)
    expect((await loginFrom(user, { device_token: token })).status).toBe(429)
    expect((await loginFrom(user)).status).toBe(200)
    await lockOut(other)
    expect((await loginFrom(other, { device_token: token })).status).toBe(429)
  })

  test.each([
    ['a guess', 'x'.repeat(80)],
    ['a bomb', '.'.repeat(40_000)],
    ['another token', 'cons_rt_x'],
  ])('gain nothing from %s as device token', async (_what, token) => {
    const user = addUser()
    await lockOut(user)
    expect((await loginFrom(user, { device_token: token })).status).toBe(429)
  })

  test('from one address are counted for it, but sign out no one behind it', async () => {
    const [user, address] = [addUser(), '203.0.113.50']
    const tokens = await logIn(server, user)
    for (let count = 0; count < 50; count += 1)
      await loginFrom({ email: `guess-${count}@example.com`, password: WRONG }, {}, address)
    expect((await loginFrom(user, {}, address)).status).toBe(429)
    const refreshFrom = (token: string) =>
      callSignInApi(server, '/auth/refresh', {
        body: { refresh_token: token },
        headers: { 'x-forwarded-for': address },
      })
    expect((await refreshFrom(tokens.refresh_token)).status).toBe(200)
    expect((await refreshFrom('cons_rt_guess')).status).toBe(429)
  })

  test('at refresh tokens are counted for the address', async () => {
    const address = '203.0.113.60'
    const statuses = []
    for (let count = 0; count < 51; count += 1) {
      const path = count % 2 === 0 ? '/auth/refresh' : '/auth/logout'
      const headers = { 'x-forwarded-for': address }
      const body = { refresh_token: `cons_rt_${count}` }
      statuses.push((await callSignInApi(server, path, { body, headers })).status)
    }
    expect(new Set(statuses.slice(0, 50))).toEqual(new Set([401]))
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('whether an account exists', () => {
  test('does not show in the response, not even when throttled', async () => {
    const tryRepeatedly = async (email: string) => {
      const responses = []
      for (let count = 0; count <= LIMIT; count += 1)
        responses.push(comparable(await loginFrom({ email, password: WRONG })))
      return responses
    }
    const expected = await tryRepeatedly(addUser().email)
    expect(expected.map(({ status }) => status)).toEqual([401, 401, 401, 429])
    expect(expected[0]?.body).toEqual({
      error: 'invalid_credentials',
      error_description: 'The user name or password is incorrect',
    })
    for (const email of ['unknown@example.com', 'no address', "' or 1=1 --"])
      expect(await tryRepeatedly(email)).toEqual(expected)
  })
})

describe('another site cannot', () => {
  test('use the cookies of a browser: the API neither reads nor sets any', async () => {
    const user = addUser()
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
    for (const [method, path] of [
      ['POST', '/auth/logout'],
      ['POST', '/auth/logout-all'],
      ['POST', '/auth/refresh'],
      ['GET', '/auth/devices'],
    ] as const) {
      const { status, headers } = await callSignInApi(server, path, { method, headers: { cookie } })
      expect([400, 401]).toContain(status)
      expect(headers.get('set-cookie')).toBeNull()
    }
    expect(await server.server.sessions.list(user.id)).toHaveLength(1)
  })

  test.each([
    ['https://shop.example', 'https://shop.example'],
    ['https://evil.example', null],
    ['https://shop.example.evil.example', null],
    ['http://shop.example', null],
    ['https://shop.example:8443', null],
    ['null', null],
  ])('read responses unless its origin is listed: %s', async (origin, allowed) => {
    const options = await fetch(server.endpoint('/auth/devices/any'), {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'DELETE' },
    })
    const failed = await callSignInApi(server, '/auth/devices', { method: 'GET', headers: { origin } })
    for (const { headers } of [options, failed]) {
      expect(headers.get('access-control-allow-origin')).toBe(allowed)
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('vary')).toBe('Origin')
    }
    if (allowed === null) return
    expect(options.headers.get('access-control-allow-methods')).toBe('DELETE, OPTIONS')
    expect(options.headers.get('access-control-allow-headers')).toContain('Authorization, Content-Type')
  })
})

describe('a forged access token', () => {
  test('signs no one out, whatever was changed', async () => {
    const user = addUser()
    const { access_token: token } = await logIn(server, user)
    const victim = await logIn(server, addUser())
    const own = decodeToken(token)
    const withClaims = (claims: object) => signToken({ ...own, payload: { ...own.payload, ...claims } })
    // Signed by our key, so that the other tests are meaningful.
    expect((await callApi(server, '/me', withClaims({}))).status).toBe(200)
    const [header = '', , signature = ''] = token.split('.')
    const payload = Buffer.from(JSON.stringify({ ...own.payload, sid: victim.session_id }))
    const forged = [
      `${header}.${payload.toString('base64url')}.${signature}`,
      `${header}.${payload.toString('base64url')}.`,
      signToken({ ...own, header: { ...own.header, typ: 'JWT' } }),
      signToken({ ...own, header: { ...own.header, alg: 'none' } }),
      withClaims({ iss: 'https://other.example' }),
      withClaims({ client_id: 'orchard' }),
      withClaims({ sid: undefined }),
      withClaims({ exp: 'never' }),
    ]
    for (const each of forged) {
      const { status, body } = await callSignInApi(server, '/auth/logout', { token: each })
      expect([status, body['error_description']]).toEqual([401, 'Invalid token'])
    }
    for (const each of [token, victim.access_token])
      expect((await callApi(server, '/me', each)).status).toBe(200)
  })
})

describe('the reserved client ID', () => {
  test('cannot be registered, and posing as it fails at every endpoint for clients', async () => {
    const registration = { name: 'Me', id: 'sign-in', redirectUris: [] }
    await expect(server.server.clients.create(registration)).rejects.toThrow('sign-in')
    await expect(
      server.server.clients.create({ ...registration, id: 'own', grantTypes: ['sign_in'] }),
    ).rejects.toThrow('grantTypes')
    const form = { client_id: 'sign-in', grant_type: 'password', username: 'a', password: 'b' }
    const token = await fetchJson(server, '/oauth/token', {
      method: 'POST',
      body: formBody({ ...form, grant_type: 'refresh_token', refresh_token: 'x' }),
    })
    expect(token.body['error']).toBe('invalid_client')
    const query = formBody({ response_type: 'code', client_id: 'sign-in' }).toString()
    expect((await fetch(server.endpoint(`/oauth/authorize?${query}`))).status).toBe(400)
  })
})

test('a thief and the owner of a refresh token are both signed out once both have used it', async () => {
  const tokens = await logIn(server, addUser())
  const stolen = tokens.refresh_token
  const next = await postRefresh(server, stolen)
  server.clock.advance('2m')
  expect((await postRefresh(server, stolen)).status).toBe(401)
  expect((await postRefresh(server, String(next.body['refresh_token']))).status).toBe(401)
})
