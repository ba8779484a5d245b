import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import {
  authorizationCode,
  clientCredentials,
  deviceCode,
  refreshToken,
  signIn,
  StoreUnavailableError,
} from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { SCOPES } from '../support/config.ts'
import {
  basic,
  callApi,
  claimOf,
  comparable,
  fetchJson,
  formBody,
  getCodeFlowTokens,
  getTokens,
  introspectToken,
  refresh,
  revokeToken,
  type JsonResponse,
  type Parameters,
} from '../support/oauth-client.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { logIn } from '../support/sign-in-api.ts'
import type { RevocationStore } from '../../src/store/revocations.ts'
import { createUserTable } from '../support/user-table.ts'

const ORDERS = 'https://api.example/orders'
const customer = { id: '7', email: 'customer@example.com', password: 'correct horse of a customer' }
const server = await startServer({
  grants: [authorizationCode(), refreshToken(), clientCredentials(), deviceCode(), signIn()],
  providers: { customers: createUserTable([customer]).provider },
  resources: [ORDERS],
  throttle: { perAddress: { failures: 1000, window: '1m' } },
})
const user = await server.addUser()
const [web, spa] = [await server.addClient(), await server.addClient({ type: 'public' })]
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read', '*'] })
const api = await server.addClient({ redirectUris: [], grantTypes: [], introspects: true })
const browser = openBrowser(server)
afterAll(server.close)

const visit = { server, browser, client: web, user }
const INACTIVE = { active: false }
const ask = async (token: string, parameters: Parameters = {}): Promise<JsonResponse['body']> => {
  const { status, body } = await introspectToken(server, api, token, parameters)
  expect(status).toBe(200)
  return body
}

describe('a valid token is described:', () => {
  test('an access token of a user', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit)
    const { status, headers, body } = await introspectToken(server, api, token)
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'no-store',
    ])
    expect(body).toEqual({
      active: true,
      iss: server.issuer,
      sub: user.id,
      aud: server.issuer,
      client_id: web.id,
      scope: 'orders:read',
      token_type: 'Bearer',
      jti: claimOf(token, 'jti'),
      iat: Number(claimOf(token, 'iat')),
      exp: Number(claimOf(token, 'exp')),
      subject_type: 'user',
      provider: 'users',
      azn: claimOf(token, 'azn'),
      sid: claimOf(token, 'sid'),
    })
  })

  test('a machine token, with its client as the subject', async () => {
    const { access_token: token } = await getTokens(server, machine, {
      grant_type: 'client_credentials',
      scope: 'orders:read',
    })
    const body = await ask(token)
    expect(body).toMatchObject({
      active: true,
      sub: machine.id,
      subject_type: 'client',
      scope: 'orders:read',
    })
    expect(body).not.toHaveProperty('azn')
  })

  test('a personal access token, whose last use is recorded', async () => {
    const { accessToken, token } = await server.server.personalTokens.create(user, {
      name: 'Backup',
      scopes: ['profile'],
    })
    server.knownSecrets.add('access token', accessToken)
    server.clock.advance('1m')
    expect(await ask(accessToken)).toMatchObject({
      active: true,
      sub: user.id,
      client_id: 'personal-access',
      scope: 'profile',
    })
    const listed = await server.server.personalTokens.list(user)
    expect(listed.find(({ id }) => id === token.id)?.lastUsedAt).toBeGreaterThan(token.createdAt)
  })

  test('a token of the sign-in API', async () => {
    const { access_token: token } = await logIn(server, user)
    expect(await ask(token)).toMatchObject({ active: true, sub: user.id, client_id: 'sign-in' })
  })

  test('with every scope that it covers, so that others can compare them as text', async () => {
    const { access_token: token } = await getTokens(server, machine, {
      grant_type: 'client_credentials',
      scope: '*',
    })
    expect((await ask(token))['scope']).toBe('* orders:read orders:create profile')
  })

  test.each(['access_token', 'refresh_token', 'magic'])('whatever the hint is: %s', async (hint) => {
    const { access_token: token } = await getCodeFlowTokens(visit)
    expect(await ask(token, { token_type_hint: hint })).toMatchObject({ active: true })
  })
})

describe('the response is { "active": false } and nothing else', () => {
  test.each(['x', 'a.b.c', 'cons_rt_x', '\u{1f600}', 'x'.repeat(60_000)])(
    'for an unknown or malformed token: %.20s',
    async (token) => {
      expect(await ask(token)).toEqual(INACTIVE)
    },
  )

  test('for a token with spaces around it', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit)
    for (const text of [` ${token}`, `${token} `, `${token}\n`, `Bearer ${token}`])
      expect(await ask(text)).toEqual(INACTIVE)
  })

  test('after it has expired', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit)
    server.clock.advance('15m')
    expect(await ask(token)).toEqual(INACTIVE)
  })

  test.each<[string, (token: string, refreshToken: string) => Promise<unknown>]>([
    ['its client revoked it', (token) => revokeToken(server, web, token)],
    ['its client revoked the refresh token', (_, token) => revokeToken(server, web, token)],
    ['its authorization was revoked', (token) => server.server.authorizations.revoke(claimOf(token, 'azn'))],
    ['its session was revoked', (token) => server.server.sessions.revoke(claimOf(token, 'sid'))],
    ['its app was disconnected', () => server.server.authorizations.disconnect(user, web.id)],
    ['its user was signed out everywhere', () => server.server.users.signOutEverywhere(user)],
  ])('after %s', async (_, revoke) => {
    const tokens = await getCodeFlowTokens(visit)
    expect(await ask(tokens.access_token)).toMatchObject({ active: true })
    await revoke(tokens.access_token, tokens.refresh_token)
    expect(await ask(tokens.access_token)).toEqual(INACTIVE)
  })

  test('after its client was revoked', async () => {
    const leaving = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const { access_token: token } = await getTokens(server, leaving, { grant_type: 'client_credentials' })
    await server.server.clients.revoke(leaving.id)
    expect(await ask(token)).toEqual(INACTIVE)
  })

  test('for the refresh token of another client', async () => {
    const { refresh_token: token } = await getCodeFlowTokens(visit)
    expect(await ask(token)).toEqual(INACTIVE)
  })

  test('with the same headers, whatever the reason is', async () => {
    const [revoked, other] = [await getCodeFlowTokens(visit), await getCodeFlowTokens(visit)]
    await revokeToken(server, web, revoked.refresh_token)
    const answers = []
    for (const token of [revoked.access_token, revoked.refresh_token, other.refresh_token, 'unknown'])
      answers.push(comparable(await introspectToken(server, api, token)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })

  test('for users of another provider than the caller', async () => {
    const shop = await server.addClient({ provider: 'customers' })
    const { access_token: token } = await getCodeFlowTokens({
      server,
      browser: openBrowser(server),
      client: shop,
      user: customer,
    })
    expect(await ask(token)).toEqual(INACTIVE)
    const theirs = await server.addClient({ redirectUris: [], introspects: true, provider: 'customers' })
    const { body } = await introspectToken(server, theirs, token)
    expect(body).toMatchObject({ active: true, sub: 'customers:7', provider: 'customers' })
    const { access_token: other } = await getCodeFlowTokens(visit)
    expect((await introspectToken(server, theirs, other)).body).toEqual(INACTIVE)
  })
})

describe('a token for another API', () => {
  test('is inactive, unless the caller names that API', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit, { resource: ORDERS })
    expect(await ask(token)).toEqual(INACTIVE)
    expect(await ask(token, { resource: ORDERS })).toMatchObject({ active: true, aud: ORDERS })
    expect(await ask(token, { resource: [server.issuer, ORDERS] })).toMatchObject({ active: true })
    const { access_token: own } = await getCodeFlowTokens(visit)
    expect(await ask(own, { resource: ORDERS })).toEqual(INACTIVE)
  })

  test('cannot be asked about if the server does not have that API', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit)
    const { status, body } = await introspectToken(server, api, token, { resource: 'https://other.example' })
    expect([status, body['error']]).toEqual([400, 'invalid_target'])
  })
})

describe('a refresh token is described to its own client', () => {
  test('until it expires, is revoked, or was rotated before the grace window', async () => {
    const client = await server.addClient({ introspects: true })
    const own = { ...visit, client }
    const describeToken = async (token: string) => (await introspectToken(server, client, token)).body
    const { refresh_token: first } = await getCodeFlowTokens(own)
    const described = await describeToken(first)
    expect(Number(described['exp']) * 1000).toBeGreaterThan(server.clock.now() + 29 * 86_400_000)
    expect(described).toEqual({
      active: true,
      iss: server.issuer,
      sub: user.id,
      aud: server.issuer,
      client_id: client.id,
      scope: 'orders:read',
      exp: expect.any(Number) as unknown,
    })
    const second = String((await refresh(own, first)).body['refresh_token'])
    expect(await describeToken(first)).toMatchObject({ active: true })
    server.clock.advance('61s')
    expect(await describeToken(first)).toEqual(INACTIVE)
    // Asking is no use of the token, so nothing was revoked.
    expect(await describeToken(second)).toMatchObject({ active: true })
    await revokeToken(server, client, second)
    expect(await describeToken(second)).toEqual(INACTIVE)
    const { refresh_token: ended } = await getCodeFlowTokens(own)
    await server.server.users.signOutEverywhere(user)
    expect(await describeToken(ended)).toEqual(INACTIVE)
    const { refresh_token: late } = await getCodeFlowTokens(own)
    server.clock.advance('30d')
    expect(await describeToken(late)).toEqual(INACTIVE)
  })
})

describe('a signed response (RFC 9701)', () => {
  const SIGNED = 'application/token-introspection+jwt'
  const askSigned = async (token: string, accept = SIGNED, on: TestServer = server, caller = api) => {
    const response = await fetch(on.endpoint('/oauth/introspect'), {
      method: 'POST',
      headers: { authorization: basic(caller.id, caller.secret ?? ''), accept },
      body: formBody({ token }),
    })
    return { type: response.headers.get('content-type'), text: await response.text() }
  }
  const keys = createRemoteJWKSet(new URL(server.endpoint('/.well-known/jwks.json')))

  test.each([SIGNED, `application/json, ${SIGNED}`, `${SIGNED};q=0.9`, SIGNED.toUpperCase()])(
    'is sent for Accept: %s',
    async (accept) => {
      const { access_token: token } = await getCodeFlowTokens(visit)
      const { type, text } = await askSigned(token, accept)
      expect(type).toBe(SIGNED)
      const options = { issuer: server.issuer, audience: api.id, typ: 'token-introspection+jwt' }
      const { payload, protectedHeader } = await jwtVerify(text, keys, options)
      expect(payload).toEqual({
        iss: server.issuer,
        aud: api.id,
        iat: expect.any(Number) as unknown,
        token_introspection: await ask(token),
      })
      const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
      expect(body['introspection_signing_alg_values_supported']).toEqual([protectedHeader.alg])
    },
  )

  test.each(['application/json', '*/*', 'application/jwt', `x${SIGNED}`])(
    'is not sent for Accept: %s',
    async (accept) => {
      expect(await askSigned('x', accept)).toEqual({ type: 'application/json', text: '{"active":false}' })
    },
  )

  test('says no more about an invalid token than the plain one', async () => {
    const { payload } = await jwtVerify((await askSigned('x')).text, keys)
    expect(payload['token_introspection']).toEqual(INACTIVE)
  })

  test('is not accepted as an access token', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit)
    const { text } = await askSigned(token)
    expect((await callApi(server, '/me', text)).body['error_description']).toBe('Invalid token')
    expect(await ask(text)).toEqual(INACTIVE)
  })
})

describe('the caller must be', () => {
  test.each<[string, Parameters, Record<string, string>, number, string]>([
    ['authenticated', {}, {}, 401, 'invalid_client'],
    ['known', { client_id: 'nobody', client_secret: 'x' }, {}, 401, 'invalid_client'],
    ['a client with the right secret', {}, { authorization: basic(api.id, 'wrong') }, 401, 'invalid_client'],
    ['a client with a secret', { client_id: api.id }, {}, 401, 'invalid_client'],
    [
      'registered for it, even to ask about its own tokens',
      {},
      { authorization: basic(web.id, web.secret ?? '') },
      403,
      'unauthorized_client',
    ],
    ['confidential', { client_id: spa.id }, {}, 403, 'unauthorized_client'],
  ])('%s, or learns nothing', async (_, identity, headers, status, error) => {
    const { access_token: token } = await getCodeFlowTokens(visit)
    for (const presented of [token, 'unknown', undefined]) {
      const response = await fetchJson(server, '/oauth/introspect', {
        method: 'POST',
        headers,
        body: formBody({ token: presented, ...identity }),
      })
      expect([response.status, response.body['error'], response.body['active']]).toEqual([
        status,
        error,
        undefined,
      ])
    }
  })

  test('a client, not a bearer of a token', async () => {
    const { access_token: token } = await getTokens(server, machine, { grant_type: 'client_credentials' })
    const { status, body } = await fetchJson(server, '/oauth/introspect', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: formBody({ token }),
    })
    expect([status, body['error']]).toEqual([401, 'invalid_client'])
  })

  test('allowed to introspect now', async () => {
    const service = await server.addClient({ redirectUris: [], introspects: true })
    expect((await introspectToken(server, service, 'x')).status).toBe(200)
    await server.server.clients.update(service.id, { introspects: false })
    expect((await introspectToken(server, service, 'x')).status).toBe(403)
    await server.server.clients.revoke(service.id)
    expect((await introspectToken(server, service, 'x')).status).toBe(401)
  })
})

test('too many failures from an address block only callers that fail again', async () => {
  await using strict = await startServer({ throttle: { perAddress: { failures: 2, window: '1m' } } })
  const service = await strict.addClient({ redirectUris: [], introspects: true })
  const statuses: number[] = []
  for (let count = 0; count < 3; count += 1)
    statuses.push((await introspectToken(strict, { ...service, secret: 'guess' }, 'x')).status)
  expect(statuses).toEqual([401, 401, 429])
  expect((await introspectToken(strict, service, 'x')).body).toEqual(INACTIVE)
})

test('with scopeInheritance, the scopes of a token include those below them', async () => {
  const scopes = { ...SCOPES, orders: 'See and place orders' }
  await using nested = await startServer({ scopes, scopeInheritance: true })
  const client = await nested.addClient({
    grantTypes: ['client_credentials'],
    scopes: ['orders'],
    introspects: true,
  })
  const { access_token: token } = await getTokens(nested, client, {
    grant_type: 'client_credentials',
    scope: 'orders',
  })
  expect((await introspectToken(nested, client, token)).body['scope']).toBe(
    'orders orders:read orders:create',
  )
})

describe('the request', () => {
  const authorization = basic(api.id, api.secret ?? '')
  const post = (body: string, type = 'application/x-www-form-urlencoded', query = '') =>
    fetchJson(server, `/oauth/introspect${query}`, {
      method: 'POST',
      headers: { authorization, 'content-type': type },
      body,
    })

  test.each<[string, string, string]>([
    ['no token', '', 'The parameter token is missing'],
    ['two tokens', 'token=a&token=b', 'A parameter is included more than once'],
    ['a NUL', 'token=a%00', 'A parameter contains a NUL character'],
  ])('with %s is invalid_request', async (_, body, description) => {
    const response = await post(body)
    expect([response.status, response.body]).toEqual([
      400,
      { error: 'invalid_request', error_description: description },
    ])
  })

  test('must be a form, not JSON and not a query', async () => {
    expect((await post('{"token":"x"}', 'application/json')).status).toBe(400)
    expect((await post('', undefined, '?token=x')).status).toBe(400)
  })

  test('must be a POST', async () => {
    const { status, headers } = await fetchJson(server, '/oauth/introspect?token=x', {
      headers: { authorization },
    })
    expect([status, headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })

  test('cannot come from a page of another origin', async () => {
    const { headers } = await fetchJson(server, '/oauth/introspect', {
      method: 'POST',
      headers: { authorization, origin: 'https://app.example' },
      body: formBody({ token: 'x' }),
    })
    expect(headers.get('access-control-allow-origin')).toBe(null)
  })
})

test('while revocations are out of reach, the response is 503 with Retry-After, never inactive', async () => {
  await using offline = await startServer({ revocations: { pollInterval: '50ms', maxStaleness: '200ms' } })
  const client = await offline.addClient({ grantTypes: ['client_credentials'], introspects: true })
  const { access_token: token } = await getTokens(offline, client, { grant_type: 'client_credentials' })
  expect((await introspectToken(offline, client, token)).body).toMatchObject({ active: true })
  const revocations = offline.store.revocations as { -readonly [Name in 'listSince']: RevocationStore[Name] }
  const { listSince } = revocations
  revocations.listSince = () => Promise.reject(new StoreUnavailableError('the network is down', undefined))
  await expect.poll(async () => (await introspectToken(offline, client, token)).status).toBe(503)
  const { headers, body } = await introspectToken(offline, client, token)
  expect([body['error'], headers.get('retry-after')]).toEqual(['temporarily_unavailable', '1'])
  expect((await introspectToken(offline, client, 'unknown')).body).toEqual(INACTIVE)
  revocations.listSince = listSince
  expect((await introspectToken(offline, client, token)).body).toMatchObject({ active: true })
})

test('the metadata names the endpoint and how callers authenticate', async () => {
  const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
  expect(body).toMatchObject({
    introspection_endpoint: server.endpoint('/oauth/introspect'),
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    introspection_signing_alg_values_supported: ['ES256'],
  })
})
