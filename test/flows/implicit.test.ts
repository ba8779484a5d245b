import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizationCode, ConfigError, implicitGrant, refreshToken } from '../../src/index.ts'
import type { ClientRegistration } from '../../src/index.ts'
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
  createPkce,
} from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { TestUser, TestClient } from '../support/server.ts'

const server = await startServer({
  grants: [implicitGrant(), authorizationCode(), refreshToken()],
  resources: ['https://api.example'],
})
const redirectUris = [CALLBACK]
let user: TestUser
let client: TestClient
let browser: Browser

beforeAll(async () => {
  user = await server.addUser()
  client = await server.addClient({ grantTypes: ['implicit', 'refresh_token'], redirectUris, type: 'public' })
  browser = openBrowser(server)
  await ask()
})
afterAll(server.close)

const urlOf = (parameters: Parameters = {}, by = client): string =>
  authorizationUrl(server, by, { response_type: 'token', scope: 'orders:read', ...parameters })

const ask = (parameters: Parameters = {}, by = client, from = browser): Promise<Page> =>
  authorize(from, urlOf(parameters, by), user)

/** Returns the parameters of the fragment. The query must be empty. */
function fragmentOf({ url }: Page): Readonly<Record<string, string>> {
  expect(url.search).toBe('')
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)))
}

describe('the response', () => {
  test('has a token, state and issuer in the fragment, and no refresh token', async () => {
    const page = await ask({ state: 'mine & only' })
    expect([page.status, page.url.origin + page.url.pathname]).toEqual([303, CALLBACK])
    expect(fragmentOf(page)).toEqual({
      access_token: expect.any(String) as unknown,
      token_type: 'Bearer',
      expires_in: '900',
      scope: 'orders:read',
      state: 'mine & only',
      iss: server.issuer,
    })
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('has a token that works on user routes and names the client', async () => {
    const { access_token: token = '' } = fragmentOf(await ask())
    expect(await callApi(server, '/orders', token)).toMatchObject({
      status: 200,
      body: { user: { id: user.id } },
    })
    expect(claimOf(token, 'client_id')).toBe(client.id)
  })

  test('keeps the query of the redirect URI', async () => {
    const uri = `${CALLBACK}?tenant=7`
    const other = await server.addClient({ grantTypes: ['implicit'], redirectUris: [uri], type: 'public' })
    const { url } = await ask({}, other)
    expect(url.href).toMatch(/\?tenant=7#access_token=/)
  })

  test('has a token for the requested resource', async () => {
    const { access_token: token = '' } = fragmentOf(await ask({ resource: 'https://api.example' }))
    expect(claimOf(token, 'aud')).toBe('https://api.example')
  })

  test('emits token.issued', async () => {
    await ask()
    const issued = server.events.findLast(({ name }) => name === 'token.issued')
    expect(issued?.payload).toMatchObject({ grantType: 'implicit', clientId: client.id, sub: user.id })
  })

  test('has no refresh token, even if the client has that grant', async () => {
    const { access_token: token = '' } = fragmentOf(await ask())
    const row = await server.store.authorizations.find(claimOf(token, 'azn'))
    expect(row?.seedHash).toBeNull()
  })
})

describe('an error in the fragment, with state and issuer:', () => {
  const { challenge } = createPkce()

  test.each<[string, Parameters, string]>([
    ['if the scope is not defined', { scope: 'unknown:scope' }, 'invalid_scope'],
    ['if the resource is unknown', { resource: 'https://elsewhere.example' }, 'invalid_target'],
    ['if the response mode is query', { response_mode: 'query' }, 'invalid_request'],
    ['if the response mode is form_post', { response_mode: 'form_post' }, 'invalid_request'],
    [
      'if there is a challenge, which would protect nothing',
      { code_challenge: challenge },
      'invalid_request',
    ],
    ['if there is only a challenge method', { code_challenge_method: 'S256' }, 'invalid_request'],
    ['if a code and a token are requested', { response_type: 'code token' }, 'unsupported_response_type'],
    ['if an ID token is requested', { response_type: 'id_token token' }, 'unsupported_response_type'],
  ])('%s', async (_, parameters, error) => {
    const page = await browser.open(urlOf({ state: 'mine', ...parameters }))
    expect(fragmentOf(page)).toEqual({
      error,
      error_description: expect.any(String) as unknown,
      state: 'mine',
      iss: server.issuer,
    })
  })

  test('if the client does not have the grant', async () => {
    const web = await server.addClient()
    expect(fragmentOf(await browser.open(urlOf({}, web)))).toMatchObject({ error: 'unauthorized_client' })
  })

  test('if the user denies', async () => {
    const page = await browser.open(urlOf({ prompt: 'consent' }))
    expect(fragmentOf(await browser.press(page, "Don't allow"))).toMatchObject({ error: 'access_denied' })
  })

  test('if no user is signed in and prompt is none', async () => {
    const page = await openBrowser(server).open(urlOf({ prompt: 'none' }))
    expect(fragmentOf(page)).toMatchObject({ error: 'login_required' })
  })
})

describe('an error page without a redirect', () => {
  test.each<[string, Parameters]>([
    ['if the client is unknown', { client_id: 'unknown' }],
    ['if the redirect URI is not registered', { redirect_uri: 'https://evil.example/' }],
    ['if the redirect URI has a fragment', { redirect_uri: `${CALLBACK}#x` }],
  ])('%s', async (_, parameters) => {
    const page = await browser.open(urlOf(parameters))
    expect([page.status, page.headers.get('location'), page.url.origin]).toEqual([400, null, server.origin])
  })
})

describe('consent', () => {
  test('is remembered, and asked for again with prompt=consent', async () => {
    await ask({ scope: 'profile' })
    const silent = await browser.open(urlOf({ scope: 'profile', prompt: 'none' }))
    expect(fragmentOf(silent)).toHaveProperty('access_token')
    const more = await browser.open(urlOf({ scope: 'orders:create', prompt: 'none' }))
    expect(fragmentOf(more)).toMatchObject({ error: 'consent_required' })
    expect(approvalFields(await browser.open(urlOf({ scope: 'profile', prompt: 'consent' })))).toBeDefined()
  })

  test('is always asked for by a client that any program on the device can impersonate', async () => {
    const uris = ['http://127.0.0.1:8000/back']
    const local = await server.addClient({ grantTypes: ['implicit'], redirectUris: uris, type: 'public' })
    expect(fragmentOf(await ask({}, local))).toHaveProperty('access_token')
    const again = await browser.open(urlOf({ prompt: 'none' }, local))
    expect(fragmentOf(again)).toMatchObject({ error: 'consent_required' })
  })

  test('that is revoked revokes the token, and is asked for again', async () => {
    const { access_token: token = '' } = fragmentOf(await ask())
    await server.server.authorizations.disconnect(user.id, client.id)
    expect((await callApi(server, '/me', token)).status).toBe(401)
    const again = await browser.open(urlOf({ prompt: 'none' }))
    expect(fragmentOf(again)).toMatchObject({ error: 'consent_required' })
  })
})

describe('one consent form, submitted twice,', () => {
  const post = async (form: Readonly<Record<string, string>>, from = browser): Promise<Page> =>
    from.open('/oauth/authorize', {
      method: 'POST',
      body: formBody(form),
      headers: { origin: server.origin, 'sec-fetch-site': 'same-origin' },
    })

  const openForm = async () => approvalFields(await browser.open(urlOf({ prompt: 'consent' })))
  const authorizations = async () => (await server.server.authorizations.list(user.id)).length

  test('issues one token and then says that it was answered', async () => {
    const form = await openForm()
    const before = await authorizations()
    expect(fragmentOf(await post(form))).toHaveProperty('access_token')
    const second = await post(form)
    expect([second.status, second.text.includes('was already submitted')]).toEqual([400, true])
    expect(await authorizations()).toBe(before + 1)
  })

  test('issues one token under ten parallel submissions', async () => {
    const form = await openForm()
    const before = await authorizations()
    const pages = await Promise.all(Array.from({ length: 10 }, () => post(form)))
    const statuses = pages.map(({ status }) => status).toSorted((left, right) => left - right)
    expect(statuses).toEqual([303, ...Array.from({ length: 9 }, () => 400)])
    expect(await authorizations()).toBe(before + 1)
  })

  test('issues no second token after the first has expired and was purged', async () => {
    const form = await openForm()
    await post(form)
    server.clock.advance('16m')
    await server.server.purge({ hours: 0 })
    expect(await authorizations()).toBe(0)
    expect((await post(form)).text).toContain('was already submitted')
    expect(await authorizations()).toBe(0)
  })

  test('does not restore a consent that was revoked since', async () => {
    await ask()
    const form = await openForm()
    await post(form)
    await server.server.authorizations.disconnect(user.id, client.id)
    await post(form)
    expect(
      await server.store.consents.find({ provider: 'users', userId: user.id }, client.id),
    ).toBeUndefined()
  })
})

describe('the authorization', () => {
  const own = async (): Promise<Browser> => {
    const fresh = openBrowser(server)
    await authorize(fresh, urlOf(), user)
    return fresh
  }

  test('is revoked with its session', async () => {
    const fresh = await own()
    const { access_token: token = '' } = fragmentOf(await ask({}, client, fresh))
    await server.server.sessions.revoke(claimOf(token, 'sid'))
    expect((await callApi(server, '/me', token)).status).toBe(401)
  })

  test('outlives the session if the client does', async () => {
    const lasting = await server.addClient({
      grantTypes: ['implicit'],
      redirectUris,
      type: 'public',
      endsWithSession: false,
    })
    const fresh = await own()
    const { access_token: token = '' } = fragmentOf(await ask({}, lasting, fresh))
    await fresh.press(await fresh.open('/logout'), 'Sign out')
    expect((await callApi(server, '/me', token)).status).toBe(200)
  })
})

describe('a client with the implicit grant', () => {
  test.each<[string, Partial<ClientRegistration>, string]>([
    ['without a redirect URI', { redirectUris: [] }, 'redirectUris'],
    ['with a custom scheme', { type: 'public', redirectUris: ['com.example.app:/back'] }, 'redirectUris'],
    ['with a secret, on loopback http', { redirectUris: ['http://127.0.0.1:1/back'] }, 'redirectUris'],
    ['with a fragment', { redirectUris: [`${CALLBACK}#here`] }, 'redirectUris[0]'],
    ['that needs PKCE', { redirectUris, requiresPkce: true }, 'requiresPkce'],
  ])('cannot be registered %s', async (_, registration, path) => {
    const error = await server
      .addClient({ grantTypes: ['implicit'], ...registration })
      .catch((thrown) => thrown as unknown)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).problems.map((problem) => problem.path)).toEqual([path])
  })

  test('can be registered with a secret and an https redirect URI', async () => {
    const web = await server.addClient({ grantTypes: ['implicit'], redirectUris })
    expect(fragmentOf(await ask({}, web))).toHaveProperty('access_token')
  })
})

describe('the server', () => {
  test('lists it in the metadata', async () => {
    const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
    expect(body).toMatchObject({
      response_types_supported: ['code', 'token'],
      response_modes_supported: ['query', 'fragment'],
      grant_types_supported: ['implicit', 'authorization_code', 'refresh_token'],
    })
  })

  test('rejects it at the token endpoint', async () => {
    for (const by of [client, { ...client, id: 'unknown' }]) {
      const { status, body } = await requestToken(server, by, { grant_type: 'implicit' })
      expect([status, body['error']]).toEqual([400, 'unsupported_grant_type'])
    }
  })

  test('logs a warning once, with the alternative', async () => {
    const lines = server.logs.filter((line) => line.includes('Insecure grant is enabled'))
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', grant: 'implicit' },
    ])
  })

  test('has its pages without the authorization code grant', async () => {
    await using alone = await startServer({ grants: [implicitGrant()] })
    const user = await alone.addUser()
    const old = await alone.addClient({ grantTypes: ['implicit'], redirectUris, type: 'public' })
    const url = authorizationUrl(alone, old, { response_type: 'token', scope: 'orders:read' })
    expect(fragmentOf(await authorize(openBrowser(alone), url, user))).toHaveProperty('access_token')
    const code = await openBrowser(alone).open(authorizationUrl(alone, old))
    expect(code.url.searchParams.get('error')).toBe('unsupported_response_type')
    const { body } = await fetchJson(alone, '/.well-known/oauth-authorization-server')
    expect(body).toMatchObject({
      response_types_supported: ['token'],
      response_modes_supported: ['fragment'],
    })
  })

  test('cannot enable it if PKCE is always required', async () => {
    const start = startServer({ grants: [implicitGrant()], pkce: 'always' })
    await expect(start).rejects.toThrow("pkce: must not be 'always' with implicitGrant()")
  })
})
