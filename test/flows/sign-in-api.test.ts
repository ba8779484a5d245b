import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { maxLifetimes } from '../../src/config/lifetimes.ts'
import { resolveSettings } from '../../src/config/settings.ts'
import { signIn, type Config, type SignInOptions } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { callApi, fetchJson, formBody, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'

const HOUR = 3600

const withSignIn = (options?: SignInOptions) => ({ grants: [...commonConfig().grants, signIn(options)] })

const server = await startServer(withSignIn())
const user = await server.addUser()
afterAll(server.close)

const me = (token: unknown) => callApi(server, '/me', String(token))

const TOKENS = {
  access_token: expect.any(String) as unknown,
  token_type: 'Bearer',
  expires_in: 900,
  refresh_token: expect.stringMatching(/^cons_rt_/) as unknown,
  refresh_token_expires_in: 12 * HOUR,
  scope: '*',
}

describe('a sign-in', () => {
  test('returns an access token of 15 minutes and a refresh token of 12 hours for every scope', async () => {
    const { status, headers, body } = await postLogin(server, user, { device_name: ' Ada’s iPhone ' })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('set-cookie')).toBeNull()
    const [sessionId, deviceToken] = [body['session_id'], body['device_token']]
    expect(body).toEqual({ ...TOKENS, session_id: sessionId, device_token: deviceToken })
    const accepted = await me(body['access_token'])
    expect(accepted.body).toMatchObject({
      kind: 'user',
      user: { id: user.id },
      client: { id: 'sign-in' },
      sessionId,
    })
    const [session] = await server.server.sessions.list(user.id)
    expect(session).toMatchObject({ id: sessionId, deviceName: 'Ada’s iPhone', address: '127.0.0.1' })
  })

  test('takes a form too, and names the device after its user agent', async () => {
    const { status, body } = await fetchJson(server, '/auth/login', {
      method: 'POST',
      headers: { 'user-agent': 'TicketShop/3.1' },
      body: formBody({ username: user.email, password: user.password }),
    })
    expect(status).toBe(200)
    const sessions = await server.server.sessions.list(user.id)
    expect(sessions.find(({ id }) => id === body['session_id'])?.deviceName).toBe('TicketShop')
  })

  test('can ask for fewer scopes, which a refresh keeps', async () => {
    const tokens = await logIn(server, user, { scope: 'orders:read' })
    expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
    const { body } = await postRefresh(server, tokens.refresh_token)
    expect(body['scope']).toBe('orders:read')
  })

  test('fails for a user who is disabled, with the words for a wrong password', async () => {
    const disabled = await server.addUser()
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    expect((await postLogin(server, disabled)).body['error']).toBe('invalid_credentials')
  })
})

const JSON_TYPE = { 'content-type': 'application/json' }
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }
const known = { username: 'ada@example.com', password: 'correct horse' }

describe('a request is invalid with', () => {
  test.each<[string, string | object, number, RegExp, object?]>([
    ['no user name', { password: 'secret' }, 400, /username is missing/],
    ['an empty password', { ...known, password: '' }, 400, /password is missing/],
    ['null as password', { ...known, password: null }, 400, /password is missing/],
    ['a number', { ...known, password: 12_345_678 }, 400, /must be a string or a boolean/],
    ['a nested object', { ...known, username: { $ne: '' } }, 400, /must be a string or a boolean/],
    ['a list', { ...known, username: ['ada'] }, 400, /must be a string or a boolean/],
    ['a member that is repeated', '{"username":"a","username":"b","password":"c"}', 400, /more than once/],
    ['one that is repeated in disguise', '{"username":"a","\\u0075sername" :"b"}', 400, /more than once/],
    ['a parameter that is repeated', 'username=a&username=b&password=c', 400, /more than once/, FORM_TYPE],
    ['a NUL character', { ...known, username: 'ada\0' }, 400, /NUL/],
    ['half a surrogate pair', '{"username":"\\ud800","password":"c"}', 400, /not correctly encoded/],
    ['a list as body', '[]', 400, /not a JSON object/],
    ['null as body', 'null', 400, /not a JSON object/],
    ['broken JSON', '{"username":', 400, /not a JSON object/],
    ['no body', '', 400, /not a JSON object/],
    ['another content type', 'username=a', 415, /content type/, { 'content-type': 'text/plain' }],
    ['too long a body', { ...known, padding: 'x'.repeat(70_000) }, 413, /too long/],
    ['a device name of 101 characters', { ...known, device_name: 'x'.repeat(101) }, 400, /device_name/],
    ['a line break in the device name', { ...known, device_name: 'a\nb' }, 400, /device_name/],
    ['a blank device name', { ...known, device_name: ' ' }, 400, /device_name/],
    ['an invisible device name', { ...known, device_name: '\u200b\u00ad' }, 400, /device_name/],
    ['text in the opposite direction', { ...known, device_name: 'iPhone\u202e' }, 400, /device_name/],
  ])('%s', async (_what, given, status, description, headers = JSON_TYPE) => {
    const body = typeof given === 'string' ? given : JSON.stringify(given)
    const response = await callSignInApi(server, '/auth/login', { body, headers: { ...headers } })
    expect(response.status).toBe(status)
    expect(response.body['error']).toBe('invalid_request')
    expect(response.body['error_description']).toMatch(description)
  })

  test('an undefined scope', async () => {
    expect((await postLogin(server, user, { scope: 'everything' })).body['error']).toBe('invalid_scope')
  })

  test('the method GET', async () => {
    const { status, headers } = await callSignInApi(server, '/auth/login', { method: 'GET' })
    expect([status, headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })
})

test('members that the endpoint does not know are ignored', async () => {
  const more = { grant_type: 'password', remember: true, __proto__: null, note: null }
  expect((await postLogin(server, user, more)).status).toBe(200)
})

describe('a refresh', () => {
  test('returns a new pair for the same session, and the refresh token lives for 12 more hours', async () => {
    const tokens = await logIn(server, user)
    server.clock.advance('11h')
    const first = await postRefresh(server, tokens.refresh_token)
    expect(first.status).toBe(200)
    expect(first.body).toEqual({ ...TOKENS, session_id: tokens.session_id })
    expect(first.body['refresh_token']).not.toBe(tokens.refresh_token)
    server.clock.advance('11h')
    const second = await postRefresh(server, String(first.body['refresh_token']))
    expect(second.status).toBe(200)
    expect((await me(second.body['access_token'])).status).toBe(200)
  })

  test('takes a form too', async () => {
    const { refresh_token: token } = await logIn(server, user)
    const body = formBody({ refresh_token: token })
    expect((await fetchJson(server, '/auth/refresh', { method: 'POST', body })).status).toBe(200)
  })

  test('can be repeated within a minute, with the same refresh token as result', async () => {
    const { refresh_token: token } = await logIn(server, user)
    const first = await postRefresh(server, token)
    server.clock.advance('50s')
    const second = await postRefresh(server, token)
    expect(second.status).toBe(200)
    expect(second.body['refresh_token']).toBe(first.body['refresh_token'])
  })

  const expectRefused = async (response: Promise<JsonResponse>, description: string): Promise<void> => {
    const { status, headers, body } = await response
    expect([status, body]).toEqual([401, { error: 'invalid_token', error_description: description }])
    expect(headers.get('www-authenticate')).toBe(
      `Bearer realm="${server.issuer}", error="invalid_token", error_description="${description}"`,
    )
  }

  test('with a token from before an earlier refresh signs the device out: one of them is stolen', async () => {
    const { refresh_token: token } = await logIn(server, user)
    const next = await postRefresh(server, token)
    server.clock.advance('61s')
    await expectRefused(postRefresh(server, token), 'Token revoked')
    await expectRefused(postRefresh(server, String(next.body['refresh_token'])), 'Token revoked')
    expect((await me(next.body['access_token'])).body['error_description']).toBe('Token revoked')
    expect(server.events.findLast(({ name }) => name === 'replay.detected')?.payload).toMatchObject({
      clientId: 'sign-in',
      credential: 'refresh_token',
    })
  })

  test('fails 12 hours after the last one', async () => {
    const { refresh_token: token } = await logIn(server, user)
    server.clock.advance('12h')
    await expectRefused(postRefresh(server, token), 'Token expired')
  })

  test('fails for a user who was disabled or signed out everywhere', async () => {
    const [disabled, leaver] = [await server.addUser(), await server.addUser()]
    const [first, second] = [await logIn(server, disabled), await logIn(server, leaver)]
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    await server.server.users.signOutEverywhere(leaver)
    await expectRefused(postRefresh(server, first.refresh_token), 'Token revoked')
    await expectRefused(postRefresh(server, second.refresh_token), 'Token revoked')
  })

  test('fails with anything but a refresh token of a sign-in', async () => {
    const tokens = await logIn(server, user)
    const client = await server.addClient()
    const theirs = await getCodeFlowTokens({ server, browser: openBrowser(server), client, user })
    for (const token of ['unknown', tokens.access_token, tokens.device_token, theirs.refresh_token])
      await expectRefused(postRefresh(server, token), 'Invalid token')
    // The client can still use its own.
    expect((await refresh({ server, client }, theirs.refresh_token)).status).toBe(200)
  })

  test('is not possible at the token endpoint, for any client', async () => {
    const { refresh_token: token } = await logIn(server, user)
    const client = await server.addClient({ type: 'public' })
    const refused = await refresh({ server, client }, token)
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant'])
    const posing = await refresh({ server, client: { ...client, id: 'sign-in' } }, token)
    expect([posing.status, posing.body['error']]).toEqual([401, 'invalid_client'])
    expect((await postRefresh(server, token)).status).toBe(200)
  })
})

test('its lifetimes, scopes and grace window can be configured', async () => {
  const own = await startServer(
    withSignIn({
      lifetime: '2h',
      maximumLifetime: '3h',
      accessTokenLifetime: '5m',
      graceWindow: 0,
      scopes: ['orders:read', 'profile'],
    }),
  )
  onTestFinished(own.close)
  const ada = await own.addUser()
  const first = await postLogin(own, ada)
  expect(first.body).toMatchObject({
    expires_in: 300,
    refresh_token_expires_in: 2 * HOUR,
    scope: 'orders:read profile',
  })
  expect((await postLogin(own, ada, { scope: 'orders:create' })).body['error']).toBe('invalid_scope')
  own.clock.advance('90m')
  const second = await postRefresh(own, String(first.body['refresh_token']))
  expect(second.body['refresh_token_expires_in']).toBeLessThanOrEqual(90 * 60)
  own.clock.advance('90m')
  const late = await postRefresh(own, String(second.body['refresh_token']))
  expect(late.body['error_description']).toBe('Token expired')
  const { refresh_token: token } = await logIn(own, ada)
  await postRefresh(own, token)
  expect((await postRefresh(own, token)).body['error_description']).toBe('Token revoked')
})

test('fewer scopes in the configuration apply to devices that are signed in, from the next refresh on', async () => {
  const before = await startServer(withSignIn())
  onTestFinished(before.close)
  const ada = await before.addUser()
  const every = await logIn(before, ada)
  const one = await logIn(before, ada, { scope: 'orders:create' })
  const { issuer, file } = before
  const after = await startServer({ ...withSignIn({ scopes: ['orders:read'] }), issuer, file })
  onTestFinished(after.close)
  expect((await postRefresh(after, every.refresh_token)).body['scope']).toBe('orders:read')
  expect((await postRefresh(after, one.refresh_token)).body['scope']).toBe('')
})

test('keys stay published as long as its tokens may be valid', () => {
  const { store } = server
  const common = { ...commonConfig(), issuer: 'https://example.com', secrets: testSecrets, store } as const
  const lifetimesWith = (options: SignInOptions) =>
    maxLifetimes(
      resolveSettings({ ...(common as Config), personalTokens: undefined, grants: [signIn(options)] }),
    )
  expect(lifetimesWith({})).toEqual({ accessToken: 900_000, refreshToken: 12 * 3_600_000 })
  expect(lifetimesWith({ accessTokenLifetime: '2h', lifetime: '90d' })).toEqual({
    accessToken: 7_200_000,
    refreshToken: 90 * 86_400_000,
  })
})

test('it works without any grant, and is not listed as one', async () => {
  const own = await startServer({ grants: [signIn()] })
  onTestFinished(own.close)
  const tokens = await logIn(own, await own.addUser())
  expect((await postRefresh(own, tokens.refresh_token)).status).toBe(200)
  const { body } = await fetchJson(own, '/.well-known/oauth-authorization-server')
  expect(body['grant_types_supported']).toEqual([])
  const token = await fetchJson(own, '/oauth/token', {
    method: 'POST',
    body: formBody({ grant_type: 'sign_in', client_id: 'sign-in' }),
  })
  expect(token.body['error']).toBe('unsupported_grant_type')
})

test('without it, its endpoints do not exist', async () => {
  const own = await startServer()
  onTestFinished(own.close)
  const { status } = await fetch(own.endpoint('/auth/login'), { method: 'POST' })
  expect(status).toBe(404)
})

describe('sessions.signIn', () => {
  test('signs a user in whom the app has authenticated, with the response of a login', async () => {
    const device = {
      deviceName: 'Ada’s iPad',
      userAgent: 'TicketShop/3.1',
      address: '203.0.113.7',
      scopes: ['orders:read'] as const,
    }
    const tokens = await server.server.sessions.signIn(user, device)
    expect(tokens).toEqual({
      ...TOKENS,
      scope: 'orders:read',
      session_id: tokens.session_id,
      device_token: tokens.device_token,
    })
    server.knownSecrets.add('access token', tokens.access_token)
    const session = (await server.server.sessions.list(user)).find(({ id }) => id === tokens.session_id)
    expect(session).toMatchObject({
      deviceName: 'Ada’s iPad',
      userAgent: 'TicketShop/3.1',
      address: '203.0.113.7',
    })
    expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
    expect((await postRefresh(server, tokens.refresh_token)).status).toBe(200)
    const again = await server.server.sessions.signIn(user, { deviceToken: tokens.device_token })
    expect(again.scope).toBe('*')
  })

  test.each<[object, string]>([
    [{ deviceName: 'a\nb' }, 'deviceName: must be 1 to 100'],
    [{ scopes: ['everything'] }, 'scopes: is invalid'],
    [{ scopes: 'profile' }, 'scopes: must be a list'],
    [{ address: {} }, 'address: must be a string'],
    [{ userAgent: 5 }, 'userAgent: must be a string'],
    [{ deviceToken: [] }, 'deviceToken: must be a string'],
  ])('rejects %j', async (device, problem) => {
    await expect(server.server.sessions.signIn(user, device)).rejects.toThrow(problem)
  })

  test('stores at most 100 characters of an address', async () => {
    const { session_id: id } = await server.server.sessions.signIn(user, { address: '1'.repeat(100_000) })
    const session = (await server.server.sessions.list(user)).find((one) => one.id === id)
    expect(session?.address).toBe('1'.repeat(100))
  })

  test('rejects an unknown or disabled user', async () => {
    const disabled = await server.addUser()
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    for (const id of ['unknown', disabled.id])
      await expect(server.server.sessions.signIn(id)).rejects.toThrow('does not exist or is disabled')
  })

  test('needs signIn() in the configuration', async () => {
    const own = await startServer()
    onTestFinished(own.close)
    await expect(own.server.sessions.signIn(await own.addUser())).rejects.toThrow('must contain signIn()')
  })
})
