import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser, type Browser } from '../support/browser.ts'
import { fetchJson, authorizationUrl, createPkce } from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'

const server = await startServer()
const web = await server.addClient({ scopes: ['orders:read'] })
const spa = await server.addClient({ type: 'public' })
const machine = await server.addClient({
  grantTypes: ['client_credentials'],
  redirectUris: [CALLBACK],
})
const revoked = await server.addClient()
await server.server.clients.revoke(revoked.id)
afterAll(server.close)

const user = await server.addUser()

async function signedIn(): Promise<Browser> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  return browser
}

const open = (parameters: Parameters, client = web) =>
  openBrowser(server).open(authorizationUrl(server, client, parameters))

const { challenge } = createPkce()

describe('an error page, never a redirect, is the response', () => {
  test.each<[string, Parameters]>([
    ['to a request without a client', { client_id: undefined }],
    ['for an unknown client', { client_id: 'nobody' }],
    ['for a revoked client', { client_id: revoked.id }],
    ["to another site's redirect URI", { redirect_uri: 'https://evil.example/callback' }],
    ['to another path', { redirect_uri: `${CALLBACK}/more` }],
    [
      'to a path that normalizes to the registered one',
      { redirect_uri: 'https://app.example/other/../callback' },
    ],
    ['to the same with a query', { redirect_uri: `${CALLBACK}?x=1` }],
    ['to the same with a fragment', { redirect_uri: `${CALLBACK}#x` }],
    ['to the same URI in capitals', { redirect_uri: 'https://APP.example/callback' }],
    ['to the same host with a user', { redirect_uri: 'https://app.example@evil.example/callback' }],
    ['to the same without TLS', { redirect_uri: 'http://app.example/callback' }],
    ['to another port', { redirect_uri: 'https://app.example:8443/callback' }],
    ['to a script', { redirect_uri: 'javascript:alert(1)//' }],
    ['to a relative URI', { redirect_uri: '//evil.example' }],
  ])('%s', async (_, parameters) => {
    const { status, headers, url, text } = await open(parameters)
    expect(status).toBe(400)
    expect(headers.get('location')).toBeNull()
    expect(url.origin).toBe(server.origin)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(text).toContain("We can't complete this request")
    expect(text).toContain(headers.get('x-request-id'))
    expect(text).not.toContain('evil')
  })

  test.each<[string, string]>([
    ['a repeated parameter', '&state=again'],
    ['a broken encoding', '&x=%zz'],
    ['a NUL', '&x=%00'],
  ])('with %s', async (_, rest) => {
    const page = await openBrowser(server).open(`${authorizationUrl(server, web)}${rest}`)
    expect([page.status, page.headers.get('location')]).toEqual([400, null])
  })

  test('with a request object instead of one of several redirect URIs', async () => {
    const client = await server.addClient({ redirectUris: [CALLBACK, `${CALLBACK}/2`] })
    const { status, url } = await open({ request: 'x.y.z', redirect_uri: undefined }, client)
    expect([status, url.origin]).toEqual([400, server.origin])
    expect(server.logs.findLast((line) => line.includes('Request refused'))).toContain(
      'request_not_supported',
    )
  })

  test('with more than 16 KiB', async () => {
    const url = `${authorizationUrl(server, web)}&x=${'y'.repeat(16_384)}`
    const { status, headers } = await server.server.fetch(new Request(url))
    expect([status, headers.get('location')]).toEqual([400, null])
  })

  test('as JSON only if the caller asks for JSON', async () => {
    const path = '/oauth/authorize?client_id=nobody'
    const asProgram = await fetchJson(server, path, { headers: { accept: 'application/json' } })
    expect(asProgram.body).toEqual({ error: 'invalid_request', error_description: 'The client is unknown' })
    const page = await openBrowser(server).open(path)
    expect(page.text).toContain(`This app isn't registered with ${new URL(server.issuer).host}`)
    for (const accept of ['text/html', '*/*', 'text/html, application/json']) {
      const response = await fetch(server.endpoint(path), { headers: { accept } })
      expect(response.headers.get('content-type')).toContain('text/html')
    }
  })
})

describe('the client gets an error with state and issuer if', () => {
  test.each<[string, Parameters, string]>([
    ['response_type is missing', { response_type: undefined }, 'invalid_request'],
    ['response_type is unknown', { response_type: 'magic' }, 'unsupported_response_type'],
    ['the implicit grant is not configured', { response_type: 'token' }, 'unsupported_response_type'],
    ['response_mode is unknown', { response_mode: 'form_post' }, 'invalid_request'],
    ['a scope is unknown', { scope: 'orders:raed' }, 'invalid_scope'],
    ['a scope is not allowed for the client', { scope: 'orders:create' }, 'invalid_scope'],
    ['* is requested', { scope: '*' }, 'invalid_scope'],
    ['a resource is unknown', { resource: 'https://elsewhere.example' }, 'invalid_target'],
    ['openid is requested', { scope: 'openid orders:read' }, 'invalid_scope'],
    ['the request is signed', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['the request is signed, whatever else is wrong', { request: 'x', scope: '?' }, 'request_not_supported'],
    [
      'the request is passed by reference',
      { request_uri: 'https://app.example/r' },
      'request_uri_not_supported',
    ],
    ['a challenge method comes without a challenge', { code_challenge_method: 'S256' }, 'invalid_request'],
  ])('%s', async (_, parameters, error) => {
    const { status, url } = await open({ ...parameters, state: 'mine' })
    expect(status).toBe(303)
    expect(url.origin + url.pathname).toBe(CALLBACK)
    expect(Object.fromEntries(new URLSearchParams(url.hash.slice(1) || url.search))).toEqual({
      error,
      error_description: expect.any(String) as unknown,
      state: 'mine',
      iss: server.issuer,
    })
  })

  test.each<[string, Parameters]>([
    ['sends no challenge', {}],
    ['uses plain', { code_challenge: challenge, code_challenge_method: 'plain' }],
    ['leaves out the method, which would mean plain', { code_challenge: challenge }],
    ['pads its challenge', { code_challenge: `${challenge}=`, code_challenge_method: 'S256' }],
    ['shortens its challenge', { code_challenge: challenge.slice(1), code_challenge_method: 'S256' }],
  ])('a public client %s', async (_, parameters) => {
    const { url } = await open(parameters, spa)
    expect(url.searchParams.get('error')).toBe('invalid_request')
    expect(url.searchParams.get('state')).toBe('xyz')
  })

  test('openid is requested, with the reason', async () => {
    const { url } = await open({ scope: 'openid' })
    expect(url.searchParams.get('error_description')).toBe(
      'OpenID Connect is not supported: request the scopes you need without openid',
    )
  })

  test('it is not registered for the grant', async () => {
    expect((await open({}, machine)).url.searchParams.get('error')).toBe('unauthorized_client')
  })
})

describe('a caller that asks for JSON', () => {
  const headers = { accept: 'application/json' }

  test('gets the sign-in URL, which leads back to the request', async () => {
    for (const path of ['/oauth/authorize', '/oauth/device', '/account/tokens']) {
      const url = new URL(authorizationUrl(server, web))
      const answer = await fetchJson(server, path + (path === '/oauth/authorize' ? url.search : ''), {
        headers,
      })
      expect([answer.status, answer.body['error']]).toEqual([401, 'login_required'])
      expect(answer.headers.get('www-authenticate')).toBe(`Cookie realm="${server.issuer}"`)
      const loginUri = String(answer.body['login_uri'])
      expect(loginUri).toMatch(new RegExp(`^${server.issuer}/login\\?return_to=`))
      const browser = openBrowser(server)
      const page = await browser.signIn(await browser.open(loginUri), user)
      expect(page.url.pathname).toBe(path)
    }
  })

  test('gets the sign-in URL again for prompt=login', async () => {
    const browser = await signedIn()
    const page = await browser.open(authorizationUrl(server, web, { prompt: 'login' }), { headers })
    const { error, login_uri: loginUri } = JSON.parse(page.body) as Record<string, string>
    expect([page.status, error]).toEqual([401, 'login_required'])
    expect((await browser.open(loginUri ?? '')).forms.map(({ label }) => label)).toContain('Sign in')
  })

  test('gets the consent URL, and what the page asks', async () => {
    const browser = await signedIn()
    const url = authorizationUrl(server, web, { prompt: 'consent', scope: 'orders:read' })
    const page = await browser.open(url, { headers })
    expect([page.status, JSON.parse(page.body)]).toEqual([
      403,
      {
        error: 'consent_required',
        error_description: expect.any(String) as unknown,
        consent_uri: url,
        client_id: web.id,
        client_name: 'Orchard',
        scopes: [{ id: 'orders:read', description: 'See your orders', granted: false, optional: false }],
        resources: [],
      },
    ])
    const { payload } = server.events.findLast(({ name }) => name === 'request.refused') ?? {}
    expect(payload).toMatchObject({ code: 'consent_required', clientId: web.id, sub: user.id })
  })

  test('is redirected to the client like a browser, with prompt=none', async () => {
    const browser = await signedIn()
    const page = await browser.open(authorizationUrl(server, web, { prompt: 'none' }), { headers })
    expect(page.url.searchParams.get('error')).toBe('consent_required')
  })
})

test('an error sent to a client is logged with its reason', async () => {
  const { headers } = await open({ scope: 'orders:raed' })
  const line = server.logs.find((text) => text.includes(headers.get('x-request-id') ?? '?'))
  expect(line).toContain('is not defined')
})

test('an unregistered redirect URI is logged without its query and fragment', async () => {
  for (const end of ['?token=hidden', '#token=hidden']) {
    const { headers } = await open({ redirect_uri: `https://evil.example/callback${end}` })
    const lines = server.logs.filter((text) => text.includes(headers.get('x-request-id') ?? '?')).join('')
    expect([lines.includes('evil.example/callback'), lines.includes('hidden')]).toEqual([true, false])
  }
})

test('HEAD is handled like GET, without a body', async () => {
  const response = await fetch(server.endpoint('/oauth/authorize?client_id=nobody'), { method: 'HEAD' })
  expect([response.status, await response.text()]).toEqual([400, ''])
})

test.each(['PUT', 'PATCH'])('%s is not allowed', async (method) => {
  const response = await fetch(server.endpoint('/oauth/authorize'), { method })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST, DELETE, HEAD, OPTIONS'])
})
