import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { SCOPES } from '../support/config.ts'
import { callApi, claimOf, getCodeFlowTokens } from '../support/oauth-client.ts'
import { openTokenApi, signInToTokenApi } from '../support/personal-tokens.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
afterAll(server.close)

const PATH = '/oauth/personal-access-tokens'
const JSON_TYPE = 'application/json'

describe('GET /oauth/scopes', () => {
  test('lists every scope with its description', async () => {
    const { status, headers, body } = await (await signInToTokenApi(server, user)).request('/oauth/scopes')
    expect([status, headers.get('content-type')]).toEqual([200, JSON_TYPE])
    expect(body).toEqual(Object.entries(SCOPES).map(([id, description]) => ({ id, description })))
  })
})

describe('tokens', () => {
  test('are created, returned once, listed and revoked', async () => {
    const api = await signInToTokenApi(server, await server.addUser())
    expect(await api.list()).toEqual([])
    const { status, headers, body } = await api.create({
      name: ' Backup ',
      scopes: ['orders:read', 'profile', 'profile'],
      expires_in: 3600,
    })
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store'])
    const token = {
      id: expect.stringMatching(/^[\w-]{22}$/) as string,
      name: 'Backup',
      scopes: ['orders:read', 'profile'],
      created_at: expect.any(Number) as number,
      last_used_at: null,
      expires_at: expect.any(Number) as number,
    }
    const accessToken = String(body['access_token'])
    expect(body).toEqual({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'orders:read profile',
      token,
    })
    expect((await callApi(server, '/orders', accessToken)).status).toBe(200)
    const list = await api.list()
    expect(list).toEqual([{ ...token, last_used_at: expect.any(Number) as number }])
    expect((list[0]?.expires_at ?? 0) - (list[0]?.created_at ?? 0)).toBe(3600)
    const id = list[0]?.id ?? ''
    const revocation = await api.revoke(id)
    expect(revocation).toMatchObject({ status: 204, body: {} })
    const { requestId } = server.events.findLast(({ name }) => name === 'revocation.written')?.payload ?? {}
    expect(requestId).toBe(revocation.headers.get('x-request-id'))
    expect((await callApi(server, '/orders', accessToken)).status).toBe(401)
    expect(await api.list()).toEqual([])
    expect(await api.revoke(id)).toMatchObject({ status: 204 })
    expect(server.events.filter(({ name }) => name === 'revocation.written')).toHaveLength(1)
  })

  test('can have no scopes or all of them, and the configured lifetime', async () => {
    const api = await signInToTokenApi(server, user)
    const none = await api.create({ name: 'None' })
    expect(none.body).toMatchObject({ scope: '', expires_in: 31_536_000 })
    expect((await api.create({ name: 'All', scopes: ['*'] })).body['scope']).toBe('*')
    await using other = await startServer({ defaultScopes: ['profile'] })
    const usual = await signInToTokenApi(other, await other.addUser())
    expect((await usual.create({ name: 'Usual' })).body['scope']).toBe('profile')
    expect((await usual.create({ name: 'None', scopes: [] })).body['scope']).toBe('')
  })

  test.each<[string, unknown, string]>([
    ['no name', {}, 'invalid_request'],
    ['an empty name', { name: '' }, 'invalid_request'],
    ['a name of 256 characters', { name: 'x'.repeat(256) }, 'invalid_request'],
    ['an invisible name', { name: '\u200b\u202e\ufe0f' }, 'invalid_request'],
    ['a NUL in the name', { name: 'a\0' }, 'invalid_request'],
    ['half a surrogate pair', { name: 'a\ud800' }, 'invalid_request'],
    ['a name that is not a string', { name: ['a'] }, 'invalid_request'],
    ['a string as scopes', { name: 'a', scopes: 'profile' }, 'invalid_request'],
    ['scopes that are not strings', { name: 'a', scopes: [['profile']] }, 'invalid_request'],
    ['scopes that are null', { name: 'a', scopes: null }, 'invalid_request'],
    ['an undefined scope', { name: 'a', scopes: ['profile', 'admin'] }, 'invalid_scope'],
    ['a JavaScript property as a scope', { name: 'a', scopes: ['__proto__'] }, 'invalid_scope'],
    ['several scopes in one', { name: 'a', scopes: ['profile orders:read'] }, 'invalid_scope'],
    ['a lifetime over the maximum', { name: 'a', expires_in: 31_536_001 }, 'invalid_request'],
    ['a lifetime of 0', { name: 'a', expires_in: 0 }, 'invalid_request'],
    ['a negative lifetime', { name: 'a', expires_in: -1 }, 'invalid_request'],
    ['a fraction', { name: 'a', expires_in: 1.5 }, 'invalid_request'],
    ['a string as the lifetime', { name: 'a', expires_in: '60' }, 'invalid_request'],
    ['an endless lifetime', { name: 'a', expires_in: 1e300 }, 'invalid_request'],
  ])('are rejected with 422: %s', async (_what, body, error) => {
    const api = await signInToTokenApi(server, user)
    const before = await api.list()
    const response = await api.create(body)
    expect([response.status, response.body['error']]).toEqual([422, error])
    expect(String(response.body['error_description'])).not.toContain('admin')
    expect(await api.list()).toEqual(before)
  })

  test.each<[string, string, string, number]>([
    ['an array', '[]', JSON_TYPE, 400],
    ['null', 'null', JSON_TYPE, 400],
    ['invalid JSON', '{"name":', JSON_TYPE, 400],
    ['nothing', '', JSON_TYPE, 400],
    ['60,000 brackets', '['.repeat(60_000), JSON_TYPE, 400],
    ['a form', 'name=a', 'application/x-www-form-urlencoded', 415],
    ['text/plain, which a form of another site can send', '{"name":"a"}', 'text/plain', 415],
    ['more than 64 KiB', `{"name":"${'x'.repeat(70_000)}"}`, JSON_TYPE, 413],
  ])('are rejected because of the body: %s', async (_what, body, type, status) => {
    const api = await signInToTokenApi(server, user)
    const headers = { 'content-type': type, 'x-csrf-token': await api.csrf() }
    expect((await api.request(PATH, { method: 'POST', body, headers })).status).toBe(status)
  })

  test('accepts a charset in the content type, and deep JSON in unknown members', async () => {
    const api = await signInToTokenApi(server, user)
    const headers = { 'content-type': 'Application/JSON; charset=utf-8', 'x-csrf-token': await api.csrf() }
    const body = `{"name":"Deep","other":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    expect((await api.request(PATH, { method: 'POST', body, headers })).status).toBe(201)
  })

  test.each(['nobody', '{id}', '../token', '%2e%2e', 'x'.repeat(5000), '%00', "' or 1=1 --"])(
    'returns 404 for the id %j',
    async (id) => {
      const api = await signInToTokenApi(server, user)
      const response = await api.revoke(encodeURIComponent(id))
      expect([response.status, response.body['error']]).toEqual([404, 'not_found'])
    },
  )

  test("a client's authorization is not a personal token, and cannot be revoked here", async () => {
    const api = await signInToTokenApi(server, user)
    const client = await server.addClient()
    const visit = { server, browser: api.browser, client, user }
    const { access_token: token } = await getCodeFlowTokens(visit)
    expect((await api.revoke(claimOf(token, 'azn'))).status).toBe(404)
    expect((await callApi(server, '/me', token)).status).toBe(200)
  })

  test('the 101st is rejected, on a later day too', async () => {
    const newUser = await server.addUser()
    const api = await signInToTokenApi(server, newUser)
    for (let count = 0; count < 100; count += 1)
      await server.server.personalTokens.create(newUser.id, { name: 'One of many' })
    const soon = await api.create({ name: 'One more' })
    expect([soon.status, soon.body['error']]).toEqual([429, 'too_many_requests'])
    const form = await api.browser.open('/account/tokens')
    const onPage = await api.browser.press(form, 'Generate token', { name: 'One more' })
    expect(onPage.status).toBe(429)
    for (const { headers } of [soon, onPage])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(86_000)
    server.clock.advance('1d')
    const later = await (await signInToTokenApi(server, newUser)).create({ name: 'One more' })
    expect([later.status, later.body['error']]).toEqual([422, 'invalid_request'])
  })
})

describe('a guest', () => {
  const guest = openTokenApi(server)

  test.each([
    ['GET', '/oauth/scopes'],
    ['GET', PATH],
    ['POST', PATH],
    ['DELETE', `${PATH}/nobody`],
  ])('gets 401 login_required: %s %s', async (method, path) => {
    const { status, headers, body } = await guest.request(path, { method })
    expect([status, body['error'], headers.get('content-type')]).toEqual([401, 'login_required', JSON_TYPE])
    expect(headers.get('x-csrf-token')).toBeNull()
    expect(headers.get('www-authenticate')).toBe(`Cookie realm="${server.issuer}"`)
  })

  test('a user who was disabled gets 401 too', async () => {
    const newUser = await server.addUser()
    const api = await signInToTokenApi(server, newUser)
    const csrf = await api.csrf()
    await server.store.users.update(newUser.id, { disabledAt: server.clock.now() })
    const headers = { 'content-type': JSON_TYPE, 'x-csrf-token': csrf }
    expect(await api.create({ name: 'a' }, headers)).toMatchObject({
      status: 401,
      body: { error: 'login_required' },
    })
    expect((await api.browser.open(server.endpoint('/account/tokens'))).url.pathname).toBe('/login')
  })
})

test('each response to a GET has the CSRF token, and sets the browser cookie if there is none', async () => {
  const api = await signInToTokenApi(server, user)
  const [one, two] = [await api.request('/oauth/scopes'), await api.request(PATH)]
  expect(one.headers.get('x-csrf-token')).toMatch(/^[\w-]{43}$/)
  expect(two.headers.get('x-csrf-token')).toBe(one.headers.get('x-csrf-token'))
  const session = [...api.browser.cookies].find(([name]) => name === 'consulate_session') ?? ['', '']
  const bare = openBrowser(server)
  bare.setCookie(...session)
  const response = await bare.open(server.endpoint(PATH))
  expect(response.headers.getSetCookie().join()).toMatch(/^consulate_browser=/)
  expect((await openTokenApi(server, { browser: bare }).create({ name: 'Bare' })).status).toBe(201)
})

test('no other origin can read it, and other methods are rejected', async () => {
  const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' }
  for (const path of ['/oauth/scopes', PATH, `${PATH}/x`, '/account/tokens']) {
    const response = await fetch(server.endpoint(path), { method: 'OPTIONS', headers })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, null])
    expect((await fetch(server.endpoint(path), { method: 'PUT' })).status).toBe(405)
  }
  expect((await fetch(server.endpoint(`${PATH}/a/b`))).status).toBe(404)
  expect((await fetch(server.endpoint(`${PATH}/`))).status).toBe(405)
})
