import { afterAll, describe, expect, test } from 'vitest'
import { passwordGrant, signIn } from '../../src/index.ts'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import {
  authorizationUrl,
  callApi,
  getCodeFlowTokens,
  getTokens,
  refresh,
  requestToken,
} from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'
import { APP, createApp, openAppApi, signInToAppApi } from '../support/user-apps.ts'
import type { AppView } from '../support/user-apps.ts'

const server = await startServer({
  userApps: { limit: 50 },
  scopes: { ...commonConfig().scopes, admin: { description: 'Do anything', firstPartyOnly: true } } as never,
  grants: [...commonConfig().grants, passwordGrant(), signIn()],
})
const [owner, other] = [await server.addUser(), await server.addUser()]
const api = await signInToAppApi(server, owner)
afterAll(server.close)

const PATH = '/oauth/clients'
const PAGE = '/account/developer'
const JSON_TYPE = { 'content-type': 'application/json' }

const clientOf = ({
  client_id: id,
  client_secret: secret,
  redirect_uris: [uri = ''],
}: AppView): TestClient => ({
  id,
  secret,
  redirectUri: uri,
})

const recordOf = async (id: string) => (await server.store.clients.find(id)) ?? {}

/** Members that would make an app more than it is. */
const PRIVILEGES = {
  id: 'chosen',
  client_id: 'chosen',
  ownerId: other.id,
  owner_id: other.id,
  user_id: other.id,
  owner: null,
  isThirdParty: false,
  is_third_party: false,
  thirdParty: false,
  firstParty: true,
  provider: 'customers',
  skipsConsent: true,
  skips_consent: true,
  introspects: true,
  followsRevocations: true,
  follows_revocations: true,
  endsWithSession: true,
  requiresPkce: false,
  graceWindow: '1y',
  accessTokenLifetime: '1y',
  refreshTokenLifetime: '1y',
  refreshTokenMaximumLifetime: '1y',
  fields: { plan: 'pro' },
  epoch: 99,
  revokedAt: null,
  revoked: false,
  createdAt: 0,
  created_at: 0,
  publisher: 'Orchard Inc.',
  secrets: [{ hash: 'mine', expiresAt: null }],
  client_secret: 'chosen',
  password_client: true,
  personal_access_client: true,
  grantTypes: ['client_credentials', 'password', 'implicit'],
  grant_types: ['client_credentials', 'password', 'implicit'],
  response_types: ['token'],
  scopes: ['*', 'admin'],
  type: 'public',
}

describe('an app of a user gets no more rights', () => {
  const isOrdinary = {
    ownerId: owner.id,
    isThirdParty: true,
    provider: 'users',
    type: 'confidential',
    skipsConsent: false,
    introspects: false,
    followsRevocations: false,
    endsWithSession: false,
    requiresPkce: false,
    graceWindow: null,
    accessTokenLifetime: null,
    refreshTokenLifetime: null,
    refreshTokenMaximumLifetime: null,
    fields: {},
    epoch: 0,
    revokedAt: null,
    publisher: null,
    scopes: null,
    grantTypes: ['authorization_code', 'refresh_token'],
  }

  test('by a member of the body that is not listed', async () => {
    const app = await createApp(api, { ...APP, ...PRIVILEGES })
    expect(app.client_id).not.toBe('chosen')
    expect(await recordOf(app.client_id)).toMatchObject(isOrdinary)
    await api.update(app.client_id, { ...PRIVILEGES, client_name: 'Other' })
    expect(await recordOf(app.client_id)).toMatchObject({ ...isOrdinary, name: 'Other' })
    const headers = { ...JSON_TYPE, 'x-csrf-token': await api.csrf() }
    const body = `{"__proto__":${JSON.stringify({ ...APP, ...PRIVILEGES })},"constructor":{"name":"x"}}`
    expect((await api.request(PATH, { method: 'POST', body, headers })).status).toBe(422)
    await api.remove(app.client_id)
  })

  test('by a field of the form that is not on it', async () => {
    const form = await api.browser.open(server.endpoint(`${PAGE}?new=app`))
    const extra = Object.fromEntries(
      Object.entries(PRIVILEGES).map(([name, value]) => [name, JSON.stringify(value)]),
    )
    const fields = {
      ...extra,
      name: 'Form',
      redirect_uris: APP.redirect_uris[0],
      type: 'confidential',
      scope: '*',
    }
    const page = await api.browser.press(form, 'Register app', fields)
    server.knownSecrets.add('client secret', /id="secret"[^>]*>([\w-]{43})</.exec(page.body)?.[1] ?? '')
    const [app] = await api.list()
    expect(await recordOf(app?.client_id ?? '')).toMatchObject({ ...isOrdinary, name: 'Form' })
    await api.remove(app?.client_id ?? '')
  })

  test.each(['admin', '*', 'profile admin', 'orders:read *'])('by the scope %s', async (scope) => {
    const { status, body } = await api.create({ ...APP, scope })
    expect([status, body['errors']]).toEqual([
      422,
      { scope: ['scope is not a scope that this app may request'] },
    ])
  })

  test.each(['client_credentials', 'password'])('by the grant %s at the token endpoint', async (grant) => {
    const app = await createApp(api)
    const parameters = { username: owner.email, password: owner.password }
    const { status, body } = await requestToken(server, clientOf(app), { grant_type: grant, ...parameters })
    expect([status, body['error']]).toEqual([400, 'unauthorized_client'])
    await api.remove(app.client_id)
  })

  test('by a first-party scope at the authorization endpoint', async () => {
    const app = await createApp(api)
    const url = authorizationUrl(server, clientOf(app), { scope: 'admin' })
    const { url: answer } = await api.browser.open(url)
    expect(answer.searchParams.get('error')).toBe('invalid_scope')
    await api.remove(app.client_id)
  })

  test('and it cannot read revocations, even with its secret', async () => {
    const { client_id: id, client_secret: secret } = await createApp(api)
    const authorization = `Basic ${btoa(`${id}:${secret}`)}`
    const response = await fetch(server.endpoint('/oauth/revocations'), { headers: { authorization } })
    expect(response.status).toBe(403)
    await api.remove(id)
  })
})

describe('an app that is not of the user', () => {
  test('cannot be distinguished from an unknown one', async () => {
    const [theirs, deleted] = [await createApp(await signInToAppApi(server, other)), await createApp(api)]
    await api.remove(deleted.client_id)
    const first = await server.addClient()
    const ids = ['unknown', theirs.client_id, deleted.client_id, first.id, 'personal-access', 'sign-in']
    for (const send of [
      (id: string) => api.update(id, { client_name: 'Mine', redirect_uris: ['https://evil.example/'] }),
      (id: string) => api.remove(id),
      (id: string) => api.rotate(id),
    ]) {
      const answers = await Promise.all(ids.map(send))
      const body = { error: 'not_found', error_description: 'The app does not exist' }
      expect(answers.map(({ status, body: sent }) => [status, sent])).toEqual(ids.map(() => [404, body]))
    }
    expect(await recordOf(theirs.client_id)).toMatchObject({ name: APP.client_name, revokedAt: null })
    expect(await recordOf(first.id)).toMatchObject({ name: 'Orchard', revokedAt: null })
    expect((await api.list()).map(({ client_id: id }) => id)).not.toContain(theirs.client_id)
  })

  test('is not found if its owner has the same ID at another provider', async () => {
    await using two = await startTwoProviders({ userApps: {} })
    const [user, customer] = [
      await signInToAppApi(two.server, two.sides.users.user),
      await signInToAppApi(two.server, two.sides.customers.user, 'customers'),
    ]
    const app = await createApp(customer)
    expect(await two.server.server.clients.find(app.client_id)).toMatchObject({
      ownerId: `customers:${two.sides.customers.user.id}`,
      provider: 'customers',
    })
    expect(await user.list()).toEqual([])
    for (const response of [
      await user.remove(app.client_id),
      await user.rotate(app.client_id),
      await user.update(app.client_id, { client_name: 'Mine' }),
    ])
      expect(response.status).toBe(404)
    const outsider = openAppApi(two.server, user.browser, 'customers')
    expect((await outsider.request(`${PATH}/customers`)).status).toBe(401)
    expect((await customer.list()).map(({ client_id: id }) => id)).toEqual([app.client_id])
  })
})

/** Requests that would register, change or delete an app of the owner. */
const send = (browser: Browser, path: string, method: string, headers: Record<string, string>) =>
  browser.open(server.endpoint(path), {
    method,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ ...APP, client_name: 'Forged' }),
  })

describe('a forged request changes nothing', () => {
  test('without the header, with an invented one, with that of another user, or from another site', async () => {
    const { client_id: id } = await createApp(api)
    const csrf = await api.csrf()
    const theirs = await (await signInToAppApi(server, other)).csrf()
    const before = await api.list()
    for (const headers of [
      {},
      { 'x-csrf-token': '' },
      { 'x-csrf-token': 'A'.repeat(43) },
      { 'x-csrf-token': theirs },
      { 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' },
      { 'x-csrf-token': csrf, origin: 'https://evil.example' },
    ] as Record<string, string>[])
      for (const [path, method] of [
        [PATH, 'POST'],
        [`${PATH}/${id}`, 'PUT'],
        [`${PATH}/${id}`, 'DELETE'],
        [`${PATH}/${id}/secret`, 'POST'],
      ] as const)
        expect((await send(api.browser, path, method, headers)).status).toBe(403)
    expect(await api.list()).toEqual(before)
    await api.remove(id)
  })

  test('by a form of another site, for each intent', async () => {
    const { client_id: app } = await createApp(api)
    for (const intent of ['register', 'save', 'rotate', 'delete', 'toString', '__proto__']) {
      const body = new URLSearchParams({
        intent,
        app,
        name: 'Forged',
        redirect_uris: 'https://evil.example/',
      })
      const init = { method: 'POST', body, headers: { origin: 'https://evil.example' } }
      expect((await api.browser.open(server.endpoint(PAGE), init)).status).toBe(403)
    }
    expect(await recordOf(app)).toMatchObject({ name: APP.client_name, revokedAt: null })
    await api.remove(app)
  })

  test('by an unknown intent with a valid token', async () => {
    const page = await api.browser.open(server.endpoint(`${PAGE}?new=app`))
    for (const intent of ['toString', '__proto__', 'constructor', 'DELETE'])
      expect((await api.browser.press(page, 'Register app', { intent })).status).toBe(400)
  })

  test('by a bearer token, whatever its kind and scopes', async () => {
    const personal = await server.server.personalTokens.create(owner.id, { name: 'All', scopes: ['*'] })
    const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['*'] })
    const form = { grant_type: 'client_credentials', scope: '*' }
    const tokens = [
      server.knownSecrets.add('access token', personal.accessToken),
      (await getTokens(server, machine, form)).access_token,
    ]
    for (const token of tokens) {
      const headers = { ...JSON_TYPE, authorization: `Bearer ${token}`, 'x-csrf-token': token }
      const guest = openAppApi(server)
      expect((await guest.request(PATH, { headers })).status).toBe(401)
      expect((await guest.create(APP, headers)).status).toBe(401)
    }
  })
})

describe('hostile text', () => {
  const NAMES = [
    `"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;`,
    '\u202eelgoog\u202c \u2066\u2069',
    '👩‍👩‍👧‍👦'.repeat(23),
    `</textarea></title></style><h1>Your bank</h1>`,
    'Z̸̢̛͙̗͖̲̹͎ͅ'.repeat(20),
  ]

  test.each(NAMES)('in every field is escaped on each page: %j', async (name) => {
    const app = await createApp(api, {
      client_name: name,
      redirect_uris: ['https://tools.example/%3Cscript%3E?a=%22%27'],
      client_uri: `https://tools.example/"><script>alert(1)</script>`,
      tos_uri: `https://tools.example/'><b/onclick=x>`,
    })
    const id = app.client_id
    for (const query of ['', `?app=${id}`, `?rotate=${id}`, `?delete=${id}`]) {
      const { status, body, headers } = await api.browser.open(server.endpoint(PAGE + query))
      expect(status).toBe(200)
      for (const markup of ['<script>alert', '<img src=x', '<b/onclick', '<h1>Your bank'])
        expect(body).not.toContain(markup)
      expect(body).not.toMatch(/<bdi>[^<]*[\u202a-\u202e\u2066-\u2069]/)
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect([headers.get('cache-control'), headers.get('x-frame-options')]).toEqual(['no-store', 'DENY'])
    }
    await api.remove(id)
  })

  test.each([
    'https://evil.example/logo.png',
    '/logout',
    '//evil.example/logo.png',
    'data:text/html;base64,PHNjcmlwdD4=',
    'data:image/svg+xml,<svg onload=alert(1)>',
    // Nested <use> elements make a small SVG that browsers never finish drawing.
    `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`,
    'javascript:alert(1)',
    `data:image/png;base64,${'A'.repeat(32_769)}`,
    'data:image/png;base64,AAAA"><script>',
  ])('is not a logo: %j', async (logo) => {
    const { status, body } = await api.create({ ...APP, logo_uri: logo })
    expect([status, Object.keys(body['errors'] ?? {})]).toEqual([422, ['logo_uri']])
  })

  test('cannot make one request log without end', async () => {
    const since = server.logs.length
    const uris = Array.from({ length: 3000 }, (_, index) => `ftp://x/${index}`)
    const { status, body } = await api.create({ ...APP, redirect_uris: uris })
    expect(status).toBe(422)
    expect(JSON.stringify(body).length).toBeLessThan(10_000)
    for (const line of server.logs.slice(since)) expect(line.length).toBeLessThan(2000)
    const form = await api.browser.open(server.endpoint(`${PAGE}?new=app`))
    const page = await api.browser.press(form, 'Register app', {
      name: 'a',
      redirect_uris: uris.slice(0, 1500).join('\n'),
    })
    expect(page.status).toBe(422)
    for (const line of server.logs.slice(since)) expect(line.length).toBeLessThan(2000)
  })
})

describe('the secret of an app', () => {
  test('is on no page but the response that created it, and in no URL', async () => {
    const { client_id: id, client_secret: secret = '?' } = await createApp(api)
    const form = await api.browser.open(server.endpoint(`${PAGE}?rotate=${id}`))
    const page = await api.browser.press(form, 'Generate secret', { overlap: '0' })
    const next = server.knownSecrets.add(
      'client secret',
      /id="secret"[^>]*>([\w-]{43})</.exec(page.body)?.[1] ?? '',
    )
    expect([page.url.search, page.headers.get('location')]).toEqual(['', null])
    const shown = JSON.stringify(await api.list())
    for (const query of ['', `?app=${id}`, `?rotate=${id}`]) {
      const { body } = await api.browser.open(server.endpoint(PAGE + query))
      for (const text of [body, shown])
        expect([text.includes(secret), text.includes(next)]).toEqual([false, false])
    }
    await api.remove(id)
  })

  test('is not generated by the form of another app or another user', async () => {
    const [mine, theirs] = [await createApp(api), await createApp(await signInToAppApi(server, other))]
    const form = await api.browser.open(server.endpoint(`${PAGE}?rotate=${mine.client_id}`))
    const before = await recordOf(theirs.client_id)
    const page = await api.browser.press(form, 'Generate secret', { app: theirs.client_id })
    expect([page.status, await recordOf(theirs.client_id)]).toEqual([404, before])
    await api.remove(mine.client_id)
  })

  test('has at most nine earlier ones beside it', async () => {
    const { client_id: id } = await createApp(api)
    for (let count = 0; count < 12; count += 1) await api.rotate(id, { overlap: 2_592_000 })
    expect(await recordOf(id)).toMatchObject({ secrets: { length: 10 } })
    await api.remove(id)
  })
})

test('a deleted app gets no more tokens, and those that it has stop working', async () => {
  const app = await createApp(api)
  const flow = {
    server,
    browser: openBrowser(server),
    client: clientOf(app),
    user: other,
    scope: 'orders:read',
  }
  const tokens = await getCodeFlowTokens(flow)
  expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
  await api.remove(app.client_id)
  expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(401)
  const { status, body } = await refresh(flow, tokens.refresh_token)
  expect([status, body['error']]).toEqual([401, 'invalid_client'])
  const page = await flow.browser.open(authorizationUrl(server, flow.client))
  expect([page.status, page.url.origin]).toEqual([400, server.origin])
})

test('the form for an app is bound to the session: its nonce registers nothing for another user', async () => {
  const theirs = await signInToAppApi(server, other)
  const form = await theirs.browser.open(server.endpoint(`${PAGE}?new=app`))
  const { nonce = '' } = formOf(form, 'Register app').fields
  const own = await api.browser.open(server.endpoint(`${PAGE}?new=app`))
  const fields = { name: 'A', redirect_uris: 'https://a.example/', type: 'public', nonce }
  const mine = await api.browser.press(own, 'Register app', fields)
  const second = await theirs.browser.press(form, 'Register app', fields)
  expect(mine.url.search).not.toBe(second.url.search)
})
