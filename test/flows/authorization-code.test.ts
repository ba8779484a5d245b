import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  callApi,
  requestToken,
  authorizationUrl,
  authorize,
  basic,
  codeIn,
  formBody,
  fetchJson,
  getCode,
  createPkce,
} from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const publicClient = await server.addClient({ type: 'public' })
const confidential = await server.addClient({ name: 'Ledger' })
afterAll(server.close)

describe('a public client with PKCE', () => {
  test('gets the response of RFC 6749 section 5.1, which must not be cached', async () => {
    const visit = { server, browser: openBrowser(server), client: publicClient, user }
    const { exchange } = await getCode(visit, { scope: 'orders:read profile' })
    const { status, headers, body } = await requestToken(server, publicClient, exchange)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('pragma')).toBe('no-cache')
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as unknown,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^cons_rt_/) as unknown,
      scope: 'orders:read profile',
    })
  })

  test('gets an RFC 9068 token that the published keys verify', async () => {
    const visit = { server, browser: openBrowser(server), client: publicClient, user }
    const { exchange } = await getCode(visit)
    const { body } = await requestToken(server, publicClient, exchange)
    const token = String(body['access_token'])
    const keys = createRemoteJWKSet(new URL(server.endpoint('/.well-known/jwks.json')))
    const { payload } = await jwtVerify(token, keys, {
      issuer: server.issuer,
      audience: server.issuer,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'],
    })
    expect(Object.keys(decodeProtectedHeader(token)).sort()).toEqual(['alg', 'kid', 'typ'])
    expect(payload).toMatchObject({
      sub: user.id,
      client_id: publicClient.id,
      scope: 'orders:read',
      subject_type: 'user',
      provider: 'users',
    })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(900)
    expect(payload.jti?.startsWith(`${String(payload['azn'])}.`)).toBe(true)
  })

  test('calls the API as the user who approved, with the approved scopes', async () => {
    const visit = { server, browser: openBrowser(server), client: publicClient, user }
    const { exchange } = await getCode(visit)
    const { body } = await requestToken(server, publicClient, exchange)
    const response = await callApi(server, '/orders', String(body['access_token']))
    expect(response.status).toBe(200)
    expect(response.body).toMatchObject({
      kind: 'user',
      user: { id: user.id, provider: 'users', sub: user.id },
      client: { id: publicClient.id },
      scopes: ['orders:read'],
    })
  })
})

describe('a confidential client', () => {
  test('authenticates with Basic or with its secret in the body', async () => {
    const visit = { server, browser: openBrowser(server), client: confidential, user }
    const { id, secret = '' } = confidential
    const byHeader = await fetchJson(server, '/oauth/token', {
      method: 'POST',
      headers: { authorization: basic(id, secret) },
      body: formBody((await getCode(visit)).exchange),
    })
    const byBody = await fetchJson(server, '/oauth/token', {
      method: 'POST',
      body: formBody({ ...(await getCode(visit)).exchange, client_id: id, client_secret: secret }),
    })
    expect([byHeader.status, byBody.status]).toEqual([200, 200])
    expect(Object.keys(byBody.body).sort()).toEqual(Object.keys(byHeader.body).sort())
  })

  test('does not need PKCE by default', async () => {
    const page = await authorize(openBrowser(server), authorizationUrl(server, confidential), user)
    const { status, body } = await requestToken(server, confidential, {
      grant_type: 'authorization_code',
      code: codeIn(page),
      redirect_uri: CALLBACK,
    })
    expect(status).toBe(200)
    expect(body['scope']).toBe('')
  })

  test('needs PKCE if its record or the server requires it', async () => {
    const requiring = await server.addClient({ requiresPkce: true })
    await using strict = await startServer({ pkce: 'always' })
    const ordinary = await strict.addClient()
    const pages = [
      await openBrowser(server).open(authorizationUrl(server, requiring)),
      await openBrowser(strict).open(authorizationUrl(strict, ordinary)),
    ]
    expect(pages.map(({ url }) => url.searchParams.get('error'))).toEqual([
      'invalid_request',
      'invalid_request',
    ])
  })
})

describe('the authorization response', () => {
  test('returns the state unchanged, and the issuer', async () => {
    const state = 'a b+c&d=e%20f#g?"\'<ü€😀/\\'
    const page = await authorize(openBrowser(server), authorizationUrl(server, confidential, { state }), user)
    expect(page.url.origin + page.url.pathname).toBe(CALLBACK)
    expect([...page.url.searchParams.keys()]).toEqual(['code', 'state', 'iss'])
    expect(page.url.searchParams.get('state')).toBe(state)
    expect(page.url.searchParams.get('iss')).toBe(server.issuer)
  })

  test('has no state if the request had none', async () => {
    const url = authorizationUrl(server, confidential, { state: undefined })
    const page = await authorize(openBrowser(server), url, user)
    expect([...page.url.searchParams.keys()]).toEqual(['code', 'iss'])
  })

  test('keeps the query of the redirect URI', async () => {
    const redirectUri = 'https://app.example/callback?tenant=a%20b'
    const client = await server.addClient({ redirectUris: [redirectUri] })
    const page = await authorize(openBrowser(server), authorizationUrl(server, client), user)
    expect(page.url.href.startsWith(`${redirectUri}&code=`)).toBe(true)
  })

  test('is a 303 that keeps the code out of Referer headers', async () => {
    const page = await authorize(openBrowser(server), authorizationUrl(server, confidential), user)
    expect(page.status).toBe(303)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('cache-control')).toBe('no-store')
  })
})

describe('redirect_uri', () => {
  test('can be omitted if one is registered, and then in the token request too', async () => {
    const url = authorizationUrl(server, confidential, { redirect_uri: undefined })
    const browser = openBrowser(server)
    const first = codeIn(await authorize(browser, url, user))
    const second = codeIn(await authorize(browser, url, user))
    const exchange = { grant_type: 'authorization_code', code: first }
    const named = { grant_type: 'authorization_code', code: second, redirect_uri: CALLBACK }
    expect((await requestToken(server, confidential, exchange)).status).toBe(200)
    expect((await requestToken(server, confidential, named)).status).toBe(200)
  })

  test('must be repeated in the token request if it was sent', async () => {
    const { exchange } = await getCode({ server, browser: openBrowser(server), client: confidential, user })
    const { status, body } = await requestToken(server, confidential, {
      ...exchange,
      redirect_uri: undefined,
    })
    expect([status, body['error_description']]).toEqual([400, 'The parameter redirect_uri is missing'])
  })

  test('is required if several are registered', async () => {
    const client = await server.addClient({ redirectUris: [CALLBACK, 'https://app.example/other'] })
    const page = await openBrowser(server).open(authorizationUrl(server, client, { redirect_uri: undefined }))
    expect(page.status).toBe(400)
    expect(page.text).toContain('redirect_uri is missing')
  })

  test('can have any port on loopback for a native client', async () => {
    const client = await server.addClient({ type: 'public', redirectUris: ['http://127.0.0.1/callback'] })
    const moved = { ...client, redirectUri: 'http://127.0.0.1:49152/callback' }
    const visit = { server, browser: openBrowser(server), client: moved, user }
    const { exchange } = await getCode(visit)
    expect((await requestToken(server, moved, exchange)).status).toBe(200)
  })
})

test.each([
  ['a custom scheme', 'com.example.app:/callback'],
  ['IPv6 loopback', 'http://[::1]/callback'],
  ['localhost', 'http://localhost/callback'],
])('redirects a native client to %s', async (_, redirectUri) => {
  const client = await server.addClient({ type: 'public', redirectUris: [redirectUri] })
  const visit = { server, browser: openBrowser(server), client, user }
  const { exchange } = await getCode(visit)
  expect((await requestToken(server, client, exchange)).status).toBe(200)
})

test('accepts an authorization request by POST', async () => {
  const { challenge } = createPkce()
  const body = formBody({
    response_type: 'code',
    client_id: publicClient.id,
    redirect_uri: CALLBACK,
    scope: 'profile',
    state: 'posted',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const url = server.endpoint('/oauth/authorize')
  const page = await authorize(openBrowser(server), url, user, { method: 'POST', body })
  expect(page.url.searchParams.get('state')).toBe('posted')
  expect(codeIn(page)).toMatch(/^[\w-]{43}$/)
})
