import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import {
  callApi,
  requestToken,
  authorizationUrl,
  claimOf,
  getTokens,
  getCodeFlowTokens,
} from '../support/oauth-client.ts'
import {
  newTokenFields,
  createToken,
  openTokenApi,
  signInToTokenApi,
  tokenInPage,
} from '../support/personal-tokens.ts'
import { startTwoProviders } from '../support/providers.ts'
import { startServer } from '../support/server.ts'
import { decodeToken, signToken } from '../support/forge.ts'

const server = await startServer()
const { personalTokens } = server.server
const [victim, attacker] = [await server.addUser(), await server.addUser()]
const client = await server.addClient()
afterAll(server.close)

const PATH = '/oauth/personal-access-tokens'
const PAGE = '/account/tokens'
const JSON_TYPE = { 'content-type': 'application/json' }
const statusOf = async (token: string, path = '/me'): Promise<number> =>
  (await callApi(server, path, token)).status
const countOf = async ({ id }: { readonly id: string }): Promise<number> =>
  (await personalTokens.list(id)).length

describe('a token for another user', () => {
  test.each(['userId', 'user_id', 'user', 'sub', 'owner', 'provider', 'id', 'authorizationId', 'client_id'])(
    'is not created by %s in the body: it belongs to the signed-in user',
    async (name) => {
      const api = await signInToTokenApi(server, attacker)
      const before = await countOf(victim)
      const { accessToken, id } = await createToken(api, { name: 'Mine', [name]: victim.id })
      expect([claimOf(accessToken, 'sub'), claimOf(accessToken, 'client_id')]).toEqual([
        attacker.id,
        'personal-access',
      ])
      expect([await countOf(victim), id === victim.id]).toEqual([before, false])
      await personalTokens.revoke(id)
    },
  )

  test('is not created by a prototype in the body, nor by form fields', async () => {
    const api = await signInToTokenApi(server, attacker)
    const headers = { ...JSON_TYPE, 'x-csrf-token': await api.csrf() }
    const body = `{"__proto__":{"userId":"${victim.id}","name":"a","scopes":["*"]}}`
    expect((await api.request(PATH, { method: 'POST', body, headers })).status).toBe(422)
    const form = await api.browser.open(server.endpoint(PAGE))
    const extra = { name: 'Mine', userId: victim.id, sub: victim.id, id: 'x'.repeat(22) }
    const token = tokenInPage(server, await api.browser.press(form, 'Generate token', extra))
    expect([claimOf(token, 'sub'), claimOf(token, 'azn') === extra.id]).toEqual([attacker.id, false])
  })

  test("is not created by another user's form: the nonce is bound to the session", async () => {
    const [theirs, mine] = [await signInToTokenApi(server, victim), await signInToTokenApi(server, attacker)]
    const form = await theirs.browser.open(server.endpoint(PAGE))
    const first = tokenInPage(server, await theirs.browser.press(form, 'Generate token', { name: 'Theirs' }))
    const own = await mine.browser.open(server.endpoint(PAGE))
    const { nonce = '' } = newTokenFields(form)
    const second = tokenInPage(
      server,
      await mine.browser.press(own, 'Generate token', { name: 'Mine', nonce }),
    )
    expect(claimOf(second, 'azn')).not.toBe(claimOf(first, 'azn'))
    expect(claimOf(second, 'sub')).toBe(attacker.id)
  })

  test('cannot be revoked or told from an unknown one', async () => {
    const { id, accessToken } = await createToken(await signInToTokenApi(server, victim))
    const api = await signInToTokenApi(server, attacker)
    const [theirs, unknown] = [await api.revoke(id), await api.revoke('x'.repeat(22))]
    expect([theirs.status, theirs.body]).toEqual([404, unknown.body])
    const form = await api.browser.open(server.endpoint(PAGE))
    const byForm = await api.browser.press(form, 'Generate token', { name: 'a', revoke: id })
    expect(byForm.status).toBe(404)
    expect((await api.list()).map((token) => token.id)).not.toContain(id)
    expect(await statusOf(accessToken)).toBe(200)
  })

  test('cannot be created, listed or revoked by users of another provider, even with the same id', async () => {
    await using two = await startTwoProviders()
    const { users, customers } = two.sides
    const [user, customer] = [
      await signInToTokenApi(two.server, users.user),
      await signInToTokenApi(two.server, customers.user, { provider: 'customers' }),
    ]
    const mine = await createToken(customer, { name: 'Mine', provider: 'users' })
    expect(claimOf(mine.accessToken, 'provider')).toBe('customers')
    expect((await users.callApi('/me', mine.accessToken)).status).toBe(401)
    expect(await user.list()).toEqual([])
    expect((await user.revoke(mine.id)).status).toBe(404)
    const outsiders = [
      { path: PATH, outsider: openTokenApi(two.server, { browser: customer.browser }) },
      {
        path: `${PATH}/customers`,
        outsider: openTokenApi(two.server, { browser: user.browser, provider: 'customers' }),
      },
    ]
    for (const { path, outsider } of outsiders) {
      expect((await outsider.request(path)).status).toBe(401)
      expect((await outsider.create({ name: 'a' }, JSON_TYPE)).status).toBe(401)
      expect((await outsider.revoke(mine.id, JSON_TYPE)).status).toBe(401)
    }
    expect((await customers.callApi('/me', mine.accessToken)).status).toBe(200)
  })
})

describe('a bearer token instead of a session', () => {
  test('creates, lists and revokes nothing, whatever its kind and scopes', async () => {
    const mine = await createToken(await signInToTokenApi(server, victim), { name: 'All', scopes: ['*'] })
    const visit = { server, browser: openBrowser(server), client, user: victim }
    const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['*'] })
    const tokens = [
      mine.accessToken,
      (await getCodeFlowTokens(visit)).access_token,
      (await getTokens(server, machine, { grant_type: 'client_credentials', scope: '*' })).access_token,
    ]
    const api = openTokenApi(server)
    const before = await countOf(victim)
    for (const token of tokens) {
      const headers = { ...JSON_TYPE, authorization: `Bearer ${token}`, 'x-csrf-token': token }
      for (const path of [PATH, '/oauth/scopes'])
        expect((await api.request(path, { headers })).status).toBe(401)
      expect((await api.create({ name: 'More' }, headers)).status).toBe(401)
      expect((await api.revoke(mine.id, headers)).status).toBe(401)
      api.browser.setCookie('consulate_session', token)
      expect((await api.create({ name: 'More' }, headers)).status).toBe(401)
    }
    expect([await countOf(victim), await statusOf(mine.accessToken)]).toEqual([before, 200])
  })
})

/** Requests that would create a token of the victim. */
type Forgery = (browser: Browser, csrf: string) => Promise<{ readonly status: number }>

const post = (browser: Browser, headers: Record<string, string>, body = '{"name":"Forged"}', path = PATH) =>
  browser.open(server.endpoint(path), { method: 'POST', headers, body })

describe('a forged request creates and revokes nothing', () => {
  const withToken = (csrf: string) => ({ ...JSON_TYPE, 'x-csrf-token': csrf })
  const formType = { 'content-type': 'application/x-www-form-urlencoded' }

  test.each<[string, Forgery, number]>([
    ['without the header', (browser) => post(browser, JSON_TYPE), 403],
    ['with an empty header', (browser) => post(browser, withToken('')), 403],
    ['with an invented header', (browser) => post(browser, withToken('A'.repeat(43))), 403],
    ['with the token twice', (browser, csrf) => post(browser, withToken(`${csrf}, ${csrf}`)), 403],
    [
      'with the token in the address',
      (browser, csrf) => post(browser, JSON_TYPE, undefined, `${PATH}?csrf=${csrf}`),
      403,
    ],
    [
      'with the token in the body',
      (browser, csrf) => post(browser, JSON_TYPE, JSON.stringify({ name: 'a', csrf })),
      403,
    ],
    ['as the form of another page', (browser, csrf) => post(browser, formType, `name=a&csrf=${csrf}`), 403],
    ['as a text form that contains JSON', (browser) => post(browser, { 'content-type': 'text/plain' }), 403],
    [
      'without a content type',
      (browser, csrf) => post(browser, { 'content-type': '', 'x-csrf-token': csrf }),
      415,
    ],
    [
      'from another site',
      (browser, csrf) => post(browser, { ...withToken(csrf), 'sec-fetch-site': 'cross-site' }),
      403,
    ],
    [
      'from a sister site',
      (browser, csrf) => post(browser, { ...withToken(csrf), 'sec-fetch-site': 'same-site' }),
      403,
    ],
    [
      'from another origin',
      (browser, csrf) => post(browser, { ...withToken(csrf), origin: 'https://evil.example' }),
      403,
    ],
    ['from a hidden origin', (browser, csrf) => post(browser, { ...withToken(csrf), origin: 'null' }), 403],
    [
      'with the token of another browser of the same user',
      async (browser) => post(browser, withToken(await (await signInToTokenApi(server, victim)).csrf())),
      403,
    ],
    [
      'with the token of another user',
      async (browser) => post(browser, withToken(await (await signInToTokenApi(server, attacker)).csrf())),
      403,
    ],
    [
      'with the token from before the sign-in',
      async (browser) => {
        const page = await openBrowser(server).open(server.endpoint('/login'))
        return post(browser, withToken(formOf(page, 'Sign in').fields['csrf'] ?? ''))
      },
      403,
    ],
    ['by a link', (browser) => browser.open(server.endpoint(`${PATH}?name=a&_method=POST`)), 200],
    [
      'by a link to the page',
      (browser) => browser.open(server.endpoint(`${PAGE}?name=a&expires_in=60`)),
      200,
    ],
    [
      'as the form of the page, without its token',
      (browser) => post(browser, formType, 'name=a&nonce=b&expires_in=60', PAGE),
      403,
    ],
    [
      'as the form of the page, with a made-up token',
      (browser) => post(browser, formType, `name=a&nonce=b&expires_in=60&csrf=${'A'.repeat(43)}`, PAGE),
      403,
    ],
    ['as JSON to the page', (browser, csrf) => post(browser, withToken(csrf), undefined, PAGE), 400],
  ])('%s', async (_how, forge, status) => {
    const { browser, csrf } = await signInToTokenApi(server, victim)
    const before = await countOf(victim)
    expect((await forge(browser, await csrf())).status).toBe(status)
    expect(await countOf(victim)).toBe(before)
  })

  test('to revoke a token, without the header, with an invented one, or from another site', async () => {
    const api = await signInToTokenApi(server, victim)
    const { id, accessToken } = await createToken(api)
    const csrf = await api.csrf()
    const site = { 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' }
    for (const headers of [{}, { 'x-csrf-token': 'A'.repeat(43) }, site] as Record<string, string>[]) {
      expect((await api.revoke(id, headers)).status).toBe(403)
    }
    const page = await post(api.browser, formType, `revoke=${id}`, PAGE)
    expect([page.status, await statusOf(accessToken)]).toEqual([403, 200])
    expect((await api.revoke(id, { 'x-csrf-token': csrf })).status).toBe(204)
  })
})

describe('the token endpoint', () => {
  const parameters = { username: victim.email, password: victim.password, name: 'a', scope: 'orders:read' }

  test.each(['personal_access', 'personal-access', 'urn:consulate:personal_access'])(
    'rejects the grant %s even if the client lists it',
    async (grant) => {
      const lister = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['*'] })
      await server.store.clients.update(lister.id, { grantTypes: [grant] })
      const { status, body } = await requestToken(server, lister, { ...parameters, grant_type: grant })
      expect([status, body['error']]).toEqual([400, 'unsupported_grant_type'])
    },
  )

  test('rejects the client id of personal access tokens', async () => {
    const refused = server.server.clients.create({ name: 'Me', id: 'personal-access', redirectUris: [] })
    await expect(refused).rejects.toThrow(ConfigError)
    const posing = { ...client, id: 'personal-access', secret: undefined }
    const { body } = await requestToken(server, posing, { grant_type: 'client_credentials' })
    expect(body['error']).toBe('invalid_client')
    const page = await openBrowser(server).open(authorizationUrl(server, posing))
    expect([page.status, page.url.origin]).toEqual([400, server.origin])
  })

  test('does not accept a personal access token as a refresh token or code', async () => {
    const { accessToken } = await createToken(await signInToTokenApi(server, victim))
    const refresh = { grant_type: 'refresh_token', refresh_token: accessToken }
    expect((await requestToken(server, client, refresh)).body['error']).toBe('invalid_grant')
    const code = { grant_type: 'authorization_code', code: accessToken, redirect_uri: client.redirectUri }
    expect((await requestToken(server, client, code)).body['error']).toBe('invalid_grant')
  })
})

describe('a token has its scopes only', () => {
  test('rejects other scopes, which cannot be added later', async () => {
    const { accessToken } = await createToken(await signInToTokenApi(server, victim), {
      name: 'a',
      scopes: ['profile'],
    })
    expect([await statusOf(accessToken), await statusOf(accessToken, '/orders')]).toEqual([200, 403])
    const { header, payload } = decodeToken(accessToken)
    const [, , signature] = accessToken.split('.')
    const wider = signToken({ header, payload: { ...payload, scope: '*' } })
      .split('.')
      .slice(0, 2)
    expect(await statusOf([...wider, signature].join('.'), '/orders')).toBe(401)
    expect(await statusOf(accessToken, '/machine')).toBe(401)
  })

  test('whatever its prefix, or without one, or with that of another token', async () => {
    const { accessToken, id } = await createToken(await signInToTokenApi(server, victim), {
      name: 'a',
      scopes: ['profile'],
    })
    const personal = decodeToken(accessToken)
    const { access_token: usual } = await getCodeFlowTokens({
      server,
      browser: openBrowser(server),
      client,
      user: victim,
    })
    for (const label of [undefined, 'pat', 'session', 'admin', '*', 7, null, { scope: '*' }]) {
      for (const { header, payload } of [personal, decodeToken(usual)]) {
        const { consulate: _, ...rest } = header
        const labelled = signToken({
          payload,
          header: { ...(label !== undefined && { consulate: label }), ...rest },
        })
        const isPersonal = payload['client_id'] === 'personal-access'
        expect([await statusOf(labelled), await statusOf(labelled, '/orders')]).toEqual([
          200,
          isPersonal ? 403 : 200,
        ])
      }
    }
    await personalTokens.revoke(id)
    for (const label of ['pat', 'other']) {
      const labelled = signToken({ ...personal, header: { ...personal.header, consulate: label } })
      expect(await statusOf(labelled)).toBe(401)
    }
  })
})

test('20,000 problems in one request make one log line', async () => {
  const api = await signInToTokenApi(server, victim)
  const told = server.logs.length
  const refused = await api.create({ name: 'a', scopes: Array.from({ length: 20_000 }, () => '') })
  expect([refused.status, refused.body['error']]).toEqual([422, 'invalid_scope'])
  const form = await api.browser.open(server.endpoint(PAGE))
  const scopes = Object.fromEntries(Array.from({ length: 4000 }, (_, index) => [`scope:${index}`, 'on']))
  expect((await api.browser.press(form, 'Generate token', { name: 'a', ...scopes })).status).toBe(422)
  const lines = server.logs.slice(told).filter((line) => line.includes('is not a defined scope'))
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line.length).toBeLessThan(1000)
})

test('markup in a name is escaped in the list and beside the new token', async () => {
  const newUser = await server.addUser()
  const { browser } = await signInToTokenApi(server, newUser)
  const name = `"><script>alert(1)</script><b onclick='x'>\u202e`
  const made = await browser.press(await browser.open(server.endpoint(PAGE)), 'Generate token', { name })
  tokenInPage(server, made)
  const list = await browser.open(server.endpoint(PAGE))
  for (const { body } of [made, list]) {
    expect(body).not.toContain('<script>')
    expect(body).not.toContain('<b onclick')
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  }
})

test('the one page with a script allows no other, is not cached and cannot be framed', async () => {
  const { browser } = await signInToTokenApi(server, await server.addUser())
  const list = await browser.open(server.endpoint(PAGE))
  const made = await browser.press(list, 'Generate token', { name: 'a' })
  tokenInPage(server, made)
  expect(list.headers.get('content-security-policy')).not.toContain('script-src')
  expect(made.headers.get('content-security-policy')).toMatch(
    /; script-src 'sha256-[\w+/=]{44}'; .*frame-ancestors 'none'/,
  )
  expect(made.headers.get('content-security-policy')).not.toContain('unsafe')
  expect([made.headers.get('cache-control'), made.headers.get('location')]).toEqual(['no-store', null])
})
