import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { authorizationCode, clientCredentials, implicitGrant, refreshToken, signIn } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  basic,
  callApi,
  claimOf,
  fetchJson,
  formBody,
  getCodeFlowTokens,
  getTokens,
  refresh,
  revokeToken,
  type Parameters,
  type Tokens,
} from '../support/oauth-client.ts'
import { startServer, type TestClient } from '../support/server.ts'
import { logIn } from '../support/sign-in-api.ts'

const server = await startServer({
  grants: [authorizationCode(), refreshToken(), clientCredentials(), implicitGrant(), signIn()],
  throttle: { perAddress: { failures: 1000, window: '1m' } },
})
const [user, web, other] = [await server.addUser(), await server.addClient(), await server.addClient()]
const spa = await server.addClient({ type: 'public' })
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const browser = openBrowser(server)
afterAll(server.close)

const tokensOf = (client: TestClient): Promise<Tokens> => getCodeFlowTokens({ server, browser, client, user })
const post = (parameters: Parameters | string, headers: Record<string, string> = {}) =>
  fetchJson(server, '/oauth/revoke', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof parameters === 'string' ? parameters : formBody(parameters),
  })
const statusOf = async (token: string): Promise<number> => (await callApi(server, '/anyone', token)).status
/** Not those in the store, which leaves out expired ones. */
const countEntries = (): number => server.events.filter(({ name }) => name === 'revocation.written').length

const lastEntry = (): unknown =>
  server.events.findLast(({ name }) => name === 'revocation.written')?.payload['entry']

describe('a client revokes', () => {
  test.each([
    ['confidential', web],
    ['public', spa],
  ])('a refresh token, and with it all access tokens of the authorization: %s', async (_, client) => {
    const [first, elsewhere] = [await tokensOf(client), await tokensOf(client)]
    const { body } = await refresh({ server, client }, first.refresh_token)
    const { status, headers, body: answer } = await revokeToken(server, client, String(body['refresh_token']))
    expect([status, answer]).toEqual([200, {}])
    expect(lastEntry()).toMatchObject({ kind: 'authorization', sub: user.id })
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await refresh({ server, client }, String(body['refresh_token']))).body['error']).toBe(
      'invalid_grant',
    )
    for (const token of [first.access_token, String(body['access_token'])]) {
      const { status: refused, body: reason } = await callApi(server, '/me', token)
      expect([refused, reason['error_description']]).toEqual([401, 'Token revoked'])
    }
    expect(await statusOf(elsewhere.access_token)).toBe(200)
    expect((await refresh({ server, client }, elsewhere.refresh_token)).status).toBe(200)
  })

  test('an access token only, so that the refresh token still gets another one', async () => {
    const tokens = await tokensOf(web)
    expect((await revokeToken(server, web, tokens.access_token)).status).toBe(200)
    expect(lastEntry()).toMatchObject({ kind: 'token', sub: user.id })
    expect(await statusOf(tokens.access_token)).toBe(401)
    const { status, body } = await refresh({ server, client: web }, tokens.refresh_token)
    expect(status).toBe(200)
    expect(await statusOf(String(body['access_token']))).toBe(200)
  })

  test('an access token without a refresh token, and with it the authorization', async () => {
    const app = await server.addClient({
      type: 'public',
      grantTypes: ['implicit'],
      redirectUris: ['https://app.example/callback'],
    })
    const page = await authorize(
      browser,
      authorizationUrl(server, app, { response_type: 'token', scope: 'orders:read' }),
      user,
    )
    const token = new URLSearchParams(page.url.hash.slice(1)).get('access_token') ?? ''
    server.knownSecrets.add('access token', token)
    expect((await revokeToken(server, app, token)).status).toBe(200)
    expect(await statusOf(token)).toBe(401)
    const authorizations = await server.server.authorizations.list(user)
    expect(authorizations.map(({ id }) => id)).not.toContain(claimOf(token, 'azn'))
  })

  test('a machine token', async () => {
    const { access_token: token } = await getTokens(server, machine, { grant_type: 'client_credentials' })
    expect((await revokeToken(server, machine, token)).status).toBe(200)
    expect(await statusOf(token)).toBe(401)
  })

  test('a refresh token that was rotated before', async () => {
    const { refresh_token: rotated } = await tokensOf(spa)
    const { body } = await refresh({ server, client: spa }, rotated)
    server.clock.advance('2m')
    expect((await revokeToken(server, spa, rotated)).status).toBe(200)
    expect((await refresh({ server, client: spa }, String(body['refresh_token']))).status).toBe(400)
    expect(await statusOf(String(body['access_token']))).toBe(401)
  })

  test.each(['refresh_token', 'access_token', 'magic', ''])(
    'a token of either type, whatever the hint is: %j',
    async (hint) => {
      const [{ refresh_token: token }, { access_token: access }] = [await tokensOf(web), await tokensOf(web)]
      for (const presented of [token, access])
        expect((await revokeToken(server, web, presented, { token_type_hint: hint })).status).toBe(200)
      expect((await refresh({ server, client: web }, token)).status).toBe(400)
      expect(await statusOf(access)).toBe(401)
    },
  )
})

describe('a personal access token is revoked by', () => {
  const create = async (): Promise<string> => {
    const { accessToken } = await server.server.personalTokens.create(user, {
      name: 'Backup',
      scopes: ['orders:read'],
    })
    return server.knownSecrets.add('access token', accessToken)
  }

  test.each([
    ['any confidential client', web],
    ['any public client', spa],
  ])('%s', async (_, client) => {
    const token = await create()
    expect(await statusOf(token)).toBe(200)
    expect((await revokeToken(server, client, token)).status).toBe(200)
    expect(await statusOf(token)).toBe(401)
    const left = await server.server.personalTokens.list(user)
    expect(left.map(({ id }) => id)).not.toContain(claimOf(token, 'azn'))
  })

  test('anyone who has it, without a client', async () => {
    const token = await create()
    expect((await post({ token })).status).toBe(200)
    expect(await statusOf(token)).toBe(401)
    expect((await post({ token })).status).toBe(200)
  })

  test('no client that fails to authenticate', async () => {
    const token = await create()
    expect((await post({ token }, { authorization: basic(web.id, 'wrong') })).status).toBe(401)
    expect((await post({ token, client_id: 'nobody' })).status).toBe(401)
    expect((await post({ token, client_secret: 'x' })).status).toBe(401)
    expect(await statusOf(token)).toBe(200)
  })
})

describe('the response is 200, and nothing is written, for a token that is', () => {
  const unknown = 'cons_rt_abcdefgh.abc.0.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  test.each(['x', 'a.b.c', unknown, '../../etc/passwd', '\u{1f600}', 'x'.repeat(60_000)])(
    'unknown or malformed: %.20s',
    async (token) => {
      const before = countEntries()
      expect((await revokeToken(server, web, token)).status).toBe(200)
      expect(countEntries()).toBe(before)
    },
  )

  test('revoked already', async () => {
    const [tokens, single] = [await tokensOf(web), await tokensOf(web)]
    await revokeToken(server, web, tokens.refresh_token)
    await revokeToken(server, web, single.access_token)
    const before = countEntries()
    for (const token of [tokens.refresh_token, tokens.access_token, single.access_token])
      expect((await revokeToken(server, web, token)).status).toBe(200)
    expect(countEntries()).toBe(before)
  })

  test('expired', async () => {
    const { access_token: token } = await tokensOf(web)
    server.clock.advance('16m')
    const before = countEntries()
    expect((await revokeToken(server, web, token)).status).toBe(200)
    expect(countEntries()).toBe(before)
  })
})

describe('a token of another client', () => {
  test('is invalid_grant and stays valid, with one answer for valid, expired and revoked ones', async () => {
    const [live, revoked] = [await tokensOf(other), await tokensOf(other)]
    await revokeToken(server, other, revoked.refresh_token)
    const answers = []
    for (const client of [web, spa])
      for (const tokens of [live, revoked])
        for (const token of [tokens.access_token, tokens.refresh_token])
          answers.push(await revokeToken(server, client, token))
    for (const { status, body } of answers)
      expect([status, body]).toEqual([
        400,
        { error: 'invalid_grant', error_description: 'The token was not issued to this client' },
      ])
    expect(await statusOf(live.access_token)).toBe(200)
    expect((await refresh({ server, client: other }, live.refresh_token)).status).toBe(200)
  })

  test('includes tokens of the sign-in API, which has a sign-out of its own', async () => {
    const tokens = await logIn(server, user)
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect((await revokeToken(server, web, token)).body['error']).toBe('invalid_grant')
    expect(await statusOf(tokens.access_token)).toBe(200)
  })
})

describe('the client must authenticate as at the token endpoint', () => {
  test.each<[string, Parameters, Record<string, string>, number, string]>([
    ['a wrong secret', {}, { authorization: basic(web.id, 'wrong') }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, {}, 401, 'invalid_client'],
    ['a confidential client without a secret', { client_id: web.id }, {}, 401, 'invalid_client'],
    ['no client', {}, {}, 401, 'invalid_client'],
    ['a secret alone', { client_secret: 'x' }, {}, 401, 'invalid_client'],
    [
      'two methods',
      { client_id: web.id, client_secret: web.secret ?? '' },
      { authorization: basic(web.id, web.secret ?? '') },
      400,
      'invalid_request',
    ],
  ])('%s is refused, and the token stays valid', async (_, identity, headers, status, error) => {
    const { access_token: token, refresh_token: refreshToken } = await tokensOf(web)
    for (const presented of [token, refreshToken, 'unknown']) {
      const response = await post({ token: presented, ...identity }, headers)
      expect([response.status, response.body['error']]).toEqual([status, error])
    }
    expect(await statusOf(token)).toBe(200)
    expect((await refresh({ server, client: web }, refreshToken)).status).toBe(200)
  })

  test('a failure with Basic has a challenge', async () => {
    const { headers } = await post({ token: 'x' }, { authorization: basic(web.id, 'wrong') })
    expect(headers.get('www-authenticate')).toBe('Basic realm="OAuth", charset="UTF-8"')
  })

  test('with client_secret in the body instead of Basic', async () => {
    const { access_token: token } = await tokensOf(web)
    expect((await post({ token, client_id: web.id, client_secret: web.secret ?? '' })).status).toBe(200)
    expect(await statusOf(token)).toBe(401)
  })

  test('and one that was revoked cannot', async () => {
    const leaving = await server.addClient()
    const { refresh_token: token } = await tokensOf(leaving)
    await server.server.clients.revoke(leaving.id)
    expect((await revokeToken(server, leaving, token)).body['error']).toBe('invalid_client')
  })

  test('after too many failures from its address only if it fails again', async () => {
    await using strict = await startServer({ throttle: { perAddress: { failures: 2, window: '1m' } } })
    const [client, visitor] = [await strict.addClient(), await strict.addUser()]
    const tokens = await getCodeFlowTokens({
      server: strict,
      browser: openBrowser(strict),
      client,
      user: visitor,
    })
    const statuses: number[] = []
    for (let count = 0; count < 3; count += 1)
      statuses.push((await revokeToken(strict, { ...client, secret: 'guess' }, 'x')).status)
    expect(statuses).toEqual([401, 401, 429])
    expect((await revokeToken(strict, client, tokens.refresh_token)).status).toBe(200)
    expect((await callApi(strict, '/me', tokens.access_token)).status).toBe(401)
  })
})

describe('the request', () => {
  const authorization = basic(web.id, web.secret ?? '')
  test.each<[string, Parameters | string, string]>([
    ['no token', {}, 'The parameter token is missing'],
    ['an empty token', 'token=', 'The parameter token is missing'],
    ['a repeated token', 'token=a&token=b', 'A parameter is included more than once'],
    [
      'a repeated hint',
      'token=a&token_type_hint=a&token_type_hint=b',
      'A parameter is included more than once',
    ],
    ['a NUL in the token', 'token=a%00', 'A parameter contains a NUL character'],
  ])('with %s is invalid_request', async (_, parameters, description) => {
    const { status, body } = await post(parameters, { authorization })
    expect([status, body]).toEqual([400, { error: 'invalid_request', error_description: description }])
  })

  test('must be a form, not JSON and not a query', async () => {
    const { access_token: token } = await tokensOf(web)
    const json = { authorization, 'content-type': 'application/json' }
    expect((await post(JSON.stringify({ token }), json)).body['error']).toBe('invalid_request')
    const query = await fetchJson(server, `/oauth/revoke?token=${token}`, {
      method: 'POST',
      headers: { authorization },
    })
    expect([query.status, query.body['error']]).toEqual([400, 'invalid_request'])
    expect(await statusOf(token)).toBe(200)
  })

  test.each(['GET', 'PUT', 'DELETE'])('must be a POST, not %s', async (method) => {
    const { status, headers } = await fetchJson(server, '/oauth/revoke?token=x', {
      method,
      headers: { authorization },
    })
    expect([status, headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })

  test('can have at most 64 KiB', async () => {
    const { status } = await post({ token: 'x'.repeat(70_000) }, { authorization })
    expect(status).toBe(413)
  })

  test("can come from the origins of public clients' redirect URIs, and from no other", async () => {
    const { access_token: token } = await tokensOf(spa)
    const allowed = async (origin: string): Promise<string | null> =>
      (await post({ token: 'x', client_id: spa.id }, { origin })).headers.get('access-control-allow-origin')
    expect(await allowed('https://app.example')).toBe('https://app.example')
    expect(await allowed('https://evil.example')).toBe(null)
    const preflight = await fetch(server.endpoint('/oauth/revoke'), {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    expect(await statusOf(token)).toBe(200)
  })
})

test('a revocation while the database is locked is 503 with Retry-After, and succeeds when it is repeated', async () => {
  await using home = await startServer()
  await using locked = await startServer({
    store: sqlite({ path: home.file, busyTimeout: 200 }),
    file: home.file,
  })
  const [client, visitor] = [await locked.addClient(), await locked.addUser()]
  const visit = { server: locked, browser: openBrowser(locked), client, user: visitor }
  const [tokens, single] = [await getCodeFlowTokens(visit), await getCodeFlowTokens(visit)]
  const lock = new DatabaseSync(locked.file)
  lock.exec('begin immediate')
  for (const token of [tokens.refresh_token, single.access_token]) {
    const { status, headers, body } = await revokeToken(locked, client, token)
    expect([status, body['error'], headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', '1'])
  }
  expect((await callApi(locked, '/me', single.access_token)).status).toBe(200)
  lock.exec('rollback')
  lock.close()
  for (const token of [tokens.refresh_token, single.access_token])
    expect((await revokeToken(locked, client, token)).status).toBe(200)
  for (const token of [tokens.access_token, single.access_token])
    expect((await callApi(locked, '/me', token)).status).toBe(401)
})

test('the metadata names the endpoint and how clients authenticate', async () => {
  const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
  expect(body).toMatchObject({
    revocation_endpoint: server.endpoint('/oauth/revoke'),
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
  })
})
