import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authorizationCode,
  builtInUsers,
  clientCredentials,
  ConfigError,
  deviceCode,
  implicitGrant,
  OAuthError,
  passwordGrant,
  refreshToken,
  refuse,
} from '../../src/index.ts'
import type { Grant } from '../../src/index.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import {
  approvalFields,
  callApi,
  fetchJson,
  requestToken,
  authorize,
  authorizationUrl,
  claimOf,
  formBody,
  comparable,
} from '../support/oauth-client.ts'
import type { JsonResponse, Parameters } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { TestUser, TestClient } from '../support/server.ts'

const CUSTOM_GRANT = 'urn:example:badge'
const customGrant: Grant = {
  type: CUSTOM_GRANT,
  decide: async () => refuse(new OAuthError('invalid_grant', 'The badge is invalid')),
}

const server = await startServer({
  grants: [
    authorizationCode(),
    refreshToken(),
    clientCredentials(),
    passwordGrant(),
    implicitGrant(),
    deviceCode(),
    customGrant,
  ],
  resources: ['https://api.example'],
  throttle: { perAccount: { failures: 4, window: '5m' }, perAddress: { failures: 1000, window: '1m' } },
})
const user = await server.addUser()
const redirectUris = [CALLBACK]
let browser: Browser
let app: TestClient
afterAll(server.close)

beforeAll(async () => {
  app = await server.addClient({ grantTypes: ['implicit'], redirectUris, type: 'public' })
  browser = openBrowser(server)
  await authorize(browser, authorizationUrl(server, app, { response_type: 'token' }), user)
})

const credentials = { username: user.email, password: user.password }

const TOKEN_GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  DEVICE_GRANT,
  CUSTOM_GRANT,
] as const

describe('a grant that a client is not registered for', () => {
  /** One client for each grant, registered for nothing else. */
  const clients = new Map<string, TestClient>()
  beforeAll(async () => {
    for (const grantType of [...TOKEN_GRANTS, 'implicit']) {
      clients.set(grantType, await server.addClient({ grantTypes: [grantType], redirectUris }))
    }
  })
  /** Sends the parameters of all grants, so that only the registration can be the reason for an error. */
  const send = (by: TestClient, grantType: string): Promise<JsonResponse> =>
    requestToken(server, by, {
      ...credentials,
      grant_type: grantType,
      code: 'x',
      refresh_token: 'x',
      device_code: 'x',
    })

  test.each(TOKEN_GRANTS)('is rejected at the token endpoint: %s', async (grantType) => {
    for (const [registered, by] of clients) {
      const { status, body } = await send(by, grantType)
      if (registered === grantType) expect(body['error'], registered).toBeOneOf([undefined, 'invalid_grant'])
      else expect([status, body['error']], registered).toEqual([400, 'unauthorized_client'])
    }
  })

  test.each(['implicit', 'personal_access', 'urn:example:other', 'PASSWORD', 'password ', '__proto__'])(
    'does not exist at the token endpoint: %s',
    async (grantType) => {
      for (const by of clients.values()) {
        const { status, body } = await send(by, grantType)
        expect([status, body['error']]).toEqual([400, 'unsupported_grant_type'])
      }
    },
  )

  test.each([
    ['code', 'authorization_code'],
    ['token', 'implicit'],
  ])('is rejected at the authorization endpoint: %s', async (type, needed) => {
    for (const [registered, by] of clients) {
      if (registered === needed) continue
      const { url } = await browser.open(authorizationUrl(server, by, { response_type: type }))
      const response = new URLSearchParams(url.hash.slice(1) || url.search)
      expect([registered, response.get('error')]).toEqual([registered, 'unauthorized_client'])
    }
  })

  test('is rejected at the device authorization endpoint', async () => {
    for (const [registered, { id, secret }] of clients) {
      const body = formBody({ client_id: id, client_secret: secret })
      const response = await fetchJson(server, '/oauth/device/code', { method: 'POST', body })
      if (registered === DEVICE_GRANT) expect(response.status).toBe(200)
      else expect([registered, response.body['error']]).toEqual([registered, 'unauthorized_client'])
    }
  })

  test.each(['personal_access', 'admin', 'Implicit', '', '//example.com/grant', 'urn:example:a b', 'x:y#z'])(
    'cannot be registered or configured if it is invalid: %j',
    async (grantType) => {
      const registering = server.addClient({ grantTypes: [grantType], redirectUris })
      await expect(registering).rejects.toThrow('grantTypes[0]: must be a grant type')
      const start = startServer({ grants: [{ ...customGrant, type: grantType }] })
      await expect(start).rejects.toThrow('grants[0].type: must be a grant type')
    },
  )
})

describe('an app that a user registered', () => {
  test('cannot be registered for the password grant', async () => {
    const registering = server.addClient({ grantTypes: ['password'], ownerId: user.id })
    await expect(registering).rejects.toBeInstanceOf(ConfigError)
  })

  test('gets no tokens by password, whatever its record says', async () => {
    const { id } = await server.addClient({ grantTypes: ['password'], type: 'public' })
    const row = await server.store.clients.find(id)
    if (row) await server.store.clients.insert({ ...row, id: 'owned', ownerId: user.id })
    const owned = { id: 'owned', secret: undefined, redirectUri: '' }
    const { status, body } = await requestToken(server, owned, { grant_type: 'password', ...credentials })
    expect([status, body['error']]).toEqual([400, 'unauthorized_client'])
  })
})

describe('guessed passwords at the token endpoint', () => {
  let phone: TestClient
  beforeAll(async () => void (phone = await server.addClient({ grantTypes: ['password'], type: 'public' })))

  const guess = (target: Pick<TestUser, 'email' | 'password'>, forwarded: string): Promise<JsonResponse> =>
    fetchJson(server, '/oauth/token', {
      method: 'POST',
      headers: { 'x-forwarded-for': forwarded, 'x-real-ip': forwarded },
      body: formBody({
        grant_type: 'password',
        client_id: phone.id,
        username: target.email,
        password: target.password,
      }),
    })

  test('count for the account, from any address and in any spelling', async () => {
    const target = await server.addUser()
    const spellings = [target.email, target.email.toUpperCase(), ` ${target.email}`, `${target.email}\u3000`]
    const statuses = []
    for (const [index, email] of spellings.entries())
      statuses.push((await guess({ email, password: 'a wrong password' }, `198.51.100.${index}`)).status)
    expect(statuses).toEqual([400, 400, 400, 400])
    expect((await guess(target, '203.0.113.9')).status).toBe(429)
  })

  test('sent in parallel do not exceed the limit', async () => {
    const target = await server.addUser()
    const wrong = { ...target, password: 'a wrong password' }
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) => guess(wrong, `192.0.2.${index}`)),
    )
    expect(responses.filter(({ status }) => status === 400).length).toBeLessThanOrEqual(4)
    expect(responses.map(({ status }) => status)).toContain(429)
  })

  test('count for the address, whatever the headers say', async () => {
    await using strict = await startServer({
      grants: [passwordGrant()],
      throttle: { perAddress: { failures: 3, window: '1m' } },
    })
    const old = await strict.addClient({ grantTypes: ['password'], type: 'public' })
    const statuses = []
    for (let index = 0; index < 4; index += 1) {
      const body = {
        grant_type: 'password',
        client_id: old.id,
        username: `a${index}@example.com`,
        password: 'x',
      }
      const headers = { 'x-forwarded-for': `198.51.100.${index}` }
      statuses.push(
        (await fetchJson(strict, '/oauth/token', { method: 'POST', headers, body: formBody(body) })).status,
      )
    }
    expect(statuses).toEqual([400, 400, 400, 429])
  })

  test('do not reveal whether an account exists: not in the body or headers, nor when throttled', async () => {
    const disabled = await server.addUser()
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    const tryRepeatedly = async (email: string) => {
      const responses = []
      for (let count = 0; count < 5; count += 1)
        responses.push(comparable(await guess({ email, password: 'a wrong password' }, '')))
      return responses
    }
    const expected = await tryRepeatedly((await server.addUser()).email)
    expect(expected.map(({ status }) => status)).toEqual([400, 400, 400, 400, 429])
    for (const email of ['unknown@example.com', disabled.email, 'no address', "' or 1=1 --"])
      expect(await tryRepeatedly(email)).toEqual(expected)
  })

  test('do not reveal it by their cost: unknown users cost the same lookups and checks', async () => {
    const done: string[] = []
    await using watched = await startServer({
      grants: [passwordGrant()],
      users: (context) => {
        const users = builtInUsers()(context)
        return {
          ...users,
          findByUsername: async (name) => (done.push('look'), users.findByUsername(name)),
          verifyPassword: async (found, password) => (
            done.push('check'),
            users.verifyPassword(found, password)
          ),
        }
      },
    })
    const { email } = await watched.addUser()
    const old = await watched.addClient({ grantTypes: ['password'], type: 'public' })
    const work = async (username: string): Promise<readonly string[]> => {
      await requestToken(watched, old, { grant_type: 'password', username, password: 'a wrong password' })
      return done.splice(0)
    }
    expect(await work(email)).toEqual(['look', 'look', 'check'])
    expect(await work('unknown@example.com')).toEqual(['look', 'look', 'check'])
  })
})

describe('a token in a fragment', () => {
  const open = (parameters: Parameters): Promise<Page> =>
    browser.open(authorizationUrl(server, app, { response_type: 'token', ...parameters }))

  test.each<[string, Parameters]>([
    ['response_mode=query', { response_mode: 'query' }],
    ['response_mode=form_post', { response_mode: 'form_post' }],
    ['response_mode=web_message', { response_mode: 'web_message' }],
    ['a code and a token', { response_type: 'code token' }],
    ['a token and a code', { response_type: 'token code' }],
    ['a token and an id token', { response_type: 'token id_token' }],
    ['a token twice', { response_type: 'token token' }],
    ['in capitals', { response_type: 'TOKEN' }],
    ['with a space behind', { response_type: 'token ' }],
    ['with a tab', { response_type: 'token\t' }],
    ['none', { response_type: 'none' }],
  ])('is never in a query, and never issued for %s', async (_, parameters) => {
    const { url } = await open(parameters)
    const response = new URLSearchParams(url.hash.slice(1) || url.search)
    expect(response.get('error')).toBeOneOf(['invalid_request', 'unsupported_response_type'])
    expect(url.href).not.toContain('access_token')
  })

  test.each([
    'https://evil.example/',
    'https://app.example.evil.example/callback',
    `${CALLBACK}/../evil`,
    `${CALLBACK}?next=https://evil.example`,
    `${CALLBACK}#`,
    `${CALLBACK}#access_token=x`,
    'https://app.example@evil.example/callback',
    '//evil.example',
    'javascript:alert(1)',
  ])('redirects only to a registered URI: %s', async (redirectUri) => {
    const { status, headers, url } = await open({ redirect_uri: redirectUri })
    expect([status, headers.get('location'), url.origin]).toEqual([400, null, server.origin])
  })

  test.each(['orders:read *', '*', 'unknown:scope', 'orders:*', '__proto__'])(
    'is not issued beyond the scopes of the client: %j',
    async (scope) => {
      const { url } = await open({ scope })
      expect(new URLSearchParams(url.hash.slice(1)).get('error')).toBe('invalid_scope')
    },
  )

  test('contains its client and audience, so that an injected one can be detected', async () => {
    const other = await server.addClient({ grantTypes: ['implicit'], redirectUris, type: 'public' })
    const tokens = []
    for (const [by, resource] of [
      [app, undefined],
      [other, 'https://api.example'],
    ] as const) {
      const url = authorizationUrl(server, by, { response_type: 'token', resource })
      const { url: back } = await authorize(browser, url, user)
      tokens.push(new URLSearchParams(back.hash.slice(1)).get('access_token') ?? '')
    }
    const [mine = '', theirs = ''] = tokens
    expect([claimOf(mine, 'client_id'), claimOf(theirs, 'client_id')]).toEqual([app.id, other.id])
    expect([claimOf(mine, 'aud'), claimOf(theirs, 'aud')]).toEqual([server.issuer, 'https://api.example'])
    expect((await callApi(server, '/me', mine)).status).toBe(200)
    expect((await callApi(server, '/me', theirs)).status).toBe(401)
  })

  test('is not issued for the consent form of a code, whatever else is sent', async () => {
    const both = await server.addClient({ grantTypes: ['authorization_code', 'implicit'], redirectUris })
    const page = await browser.open(authorizationUrl(server, both, { prompt: 'consent' }))
    const { url } = await browser.open('/oauth/authorize?response_type=token', {
      method: 'POST',
      body: formBody({ ...approvalFields(page), response_type: 'token', response_mode: 'fragment' }),
      headers: { origin: server.origin, 'sec-fetch-site': 'same-origin' },
    })
    expect([url.searchParams.has('code'), url.hash]).toEqual([true, ''])
  })

  test('is not issued without consent: no link, method or parameter replaces it', async () => {
    const fresh = await server.addClient({ grantTypes: ['implicit'], redirectUris, type: 'public' })
    for (const parameters of [
      { consent: 'yes' },
      { approve: 'true' },
      { prompt: 'none' },
      { max_age: '0' },
    ]) {
      const url = authorizationUrl(server, fresh, { response_type: 'token', ...parameters })
      expect((await browser.open(url)).url.href).not.toContain('access_token')
    }
  })
})
