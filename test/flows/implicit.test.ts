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

/** What stands behind the `#`; the query must hold nothing. */
function fragmentOf({ url }: Page): Readonly<Record<string, string>> {
  expect(url.search).toBe('')
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)))
}

describe('the answer', () => {
  test('stands in the fragment: a token, no refresh token, state and issuer', async () => {
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

  test('has a token that opens the person’s routes, and names the client that it was given to', async () => {
    const { access_token: token = '' } = fragmentOf(await ask())
    expect(await callApi(server, '/orders', token)).toMatchObject({
      status: 200,
      body: { user: { id: user.id } },
    })
    expect(claimOf(token, 'client_id')).toBe(client.id)
  })

  test('leaves the query of a redirect URI as it is', async () => {
    const uri = `${CALLBACK}?tenant=7`
    const other = await server.addClient({ grantTypes: ['implicit'], redirectUris: [uri], type: 'public' })
    const { url } = await ask({}, other)
    expect(url.href).toMatch(/\?tenant=7#access_token=/)
  })

  test('is for the resource that was asked for', async () => {
    const { access_token: token = '' } = fragmentOf(await ask({ resource: 'https://api.example' }))
    expect(claimOf(token, 'aud')).toBe('https://api.example')
  })

  test('is announced as what it is', async () => {
    await ask()
    const issued = server.events.findLast(({ name }) => name === 'token.issued')
    expect(issued?.payload).toMatchObject({ grantType: 'implicit', clientId: client.id, sub: user.id })
  })

  test('gives nothing to refresh with, though the client’s record has that', async () => {
    const { access_token: token = '' } = fragmentOf(await ask())
    const row = await server.store.authorizations.find(claimOf(token, 'azn'))
    expect(row?.seedHash).toBeNull()
  })
})

describe('an error stands in the fragment, with state and issuer:', () => {
  const { challenge } = createPkce()

  test.each<[string, Parameters, string]>([
    ['a scope that nobody defined', { scope: 'nobody:knows' }, 'invalid_scope'],
    ['a resource that is unknown', { resource: 'https://elsewhere.example' }, 'invalid_target'],
    ['an answer in the query', { response_mode: 'query' }, 'invalid_request'],
    ['an answer in a form', { response_mode: 'form_post' }, 'invalid_request'],
    ['a challenge, which would protect nothing', { code_challenge: challenge }, 'invalid_request'],
    ['a challenge method alone', { code_challenge_method: 'S256' }, 'invalid_request'],
    ['a code and a token at once', { response_type: 'code token' }, 'unsupported_response_type'],
    ['an id token', { response_type: 'id_token token' }, 'unsupported_response_type'],
  ])('%s', async (_, parameters, error) => {
    const page = await browser.open(urlOf({ state: 'mine', ...parameters }))
    expect(fragmentOf(page)).toEqual({
      error,
      error_description: expect.any(String) as unknown,
      state: 'mine',
      iss: server.issuer,
    })
  })

  test('a client whose record lacks the grant', async () => {
    const web = await server.addClient()
    expect(fragmentOf(await browser.open(urlOf({}, web)))).toMatchObject({ error: 'unauthorized_client' })
  })

  test('a person who says no', async () => {
    const page = await browser.open(urlOf({ prompt: 'consent' }))
    expect(fragmentOf(await browser.press(page, "Don't allow"))).toMatchObject({ error: 'access_denied' })
  })

  test('nobody who is signed in, where nobody may be asked', async () => {
    const page = await openBrowser(server).open(urlOf({ prompt: 'none' }))
    expect(fragmentOf(page)).toMatchObject({ error: 'login_required' })
  })
})

describe('an error is a page, and nobody is sent anywhere,', () => {
  test.each<[string, Parameters]>([
    ['where the client is unknown', { client_id: 'nobody' }],
    ['where the redirect URI is not registered', { redirect_uri: 'https://evil.example/' }],
    ['where it has a fragment of its own', { redirect_uri: `${CALLBACK}#x` }],
  ])('%s', async (_, parameters) => {
    const page = await browser.open(urlOf(parameters))
    expect([page.status, page.headers.get('location'), page.url.origin]).toEqual([400, null, server.origin])
  })
})

describe('consent', () => {
  test('is remembered, and asked again where that is wanted', async () => {
    await ask({ scope: 'profile' })
    const silent = await browser.open(urlOf({ scope: 'profile', prompt: 'none' }))
    expect(fragmentOf(silent)).toHaveProperty('access_token')
    const more = await browser.open(urlOf({ scope: 'orders:create', prompt: 'none' }))
    expect(fragmentOf(more)).toMatchObject({ error: 'consent_required' })
    expect(approvalFields(await browser.open(urlOf({ scope: 'profile', prompt: 'consent' })))).toBeDefined()
  })

  test('is asked for each time where anybody on the device can pose as the client', async () => {
    const uris = ['http://127.0.0.1:8000/back']
    const local = await server.addClient({ grantTypes: ['implicit'], redirectUris: uris, type: 'public' })
    expect(fragmentOf(await ask({}, local))).toHaveProperty('access_token')
    const again = await browser.open(urlOf({ prompt: 'none' }, local))
    expect(fragmentOf(again)).toMatchObject({ error: 'consent_required' })
  })

  test('that was taken back ends the token, and has to be given again', async () => {
    const { access_token: token = '' } = fragmentOf(await ask())
    await server.server.authorizations.disconnect(user.id, client.id)
    expect((await callApi(server, '/me', token)).status).toBe(401)
    const again = await browser.open(urlOf({ prompt: 'none' }))
    expect(fragmentOf(again)).toMatchObject({ error: 'consent_required' })
  })
})

describe('one consent form, posted twice,', () => {
  const post = async (form: Readonly<Record<string, string>>, from = browser): Promise<Page> =>
    from.open('/oauth/authorize', {
      method: 'POST',
      body: formBody(form),
      headers: { origin: server.origin, 'sec-fetch-site': 'same-origin' },
    })

  const openForm = async () => approvalFields(await browser.open(urlOf({ prompt: 'consent' })))
  const authorizations = async () => (await server.server.authorizations.list(user.id)).length

  test('gives one token; the second time it says that it was answered', async () => {
    const form = await openForm()
    const before = await authorizations()
    expect(fragmentOf(await post(form))).toHaveProperty('access_token')
    const second = await post(form)
    expect([second.status, second.text.includes('was already submitted')]).toEqual([400, true])
    expect(await authorizations()).toBe(before + 1)
  })

  test('gives one token to ten who post it at once', async () => {
    const form = await openForm()
    const before = await authorizations()
    const pages = await Promise.all(Array.from({ length: 10 }, () => post(form)))
    const statuses = pages.map(({ status }) => status).toSorted((left, right) => left - right)
    expect(statuses).toEqual([303, ...Array.from({ length: 9 }, () => 400)])
    expect(await authorizations()).toBe(before + 1)
  })

  test('gives none again when the first one is over and purged as early as can be', async () => {
    const form = await openForm()
    await post(form)
    server.clock.advance('16m')
    await server.server.purge({ hours: 0 })
    expect(await authorizations()).toBe(0)
    expect((await post(form)).text).toContain('was already submitted')
    expect(await authorizations()).toBe(0)
  })

  test('does not bring back a consent that was taken back since', async () => {
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

  test('ends with the session it was given in', async () => {
    const fresh = await own()
    const { access_token: token = '' } = fragmentOf(await ask({}, client, fresh))
    await server.server.sessions.revoke(claimOf(token, 'sid'))
    expect((await callApi(server, '/me', token)).status).toBe(401)
  })

  test('outlives it where the client does', async () => {
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
    ['with a scheme of its own', { type: 'public', redirectUris: ['com.example.app:/back'] }, 'redirectUris'],
    ['with a secret, on loopback http', { redirectUris: ['http://127.0.0.1:1/back'] }, 'redirectUris'],
    ['with a fragment', { redirectUris: [`${CALLBACK}#here`] }, 'redirectUris[0]'],
    ['that needs PKCE', { redirectUris, requiresPkce: true }, 'requiresPkce'],
  ])('is not registered %s', async (_, registration, path) => {
    const error = await server
      .addClient({ grantTypes: ['implicit'], ...registration })
      .catch((thrown) => thrown as unknown)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).problems.map((problem) => problem.path)).toEqual([path])
  })

  test('is registered with a secret, on https', async () => {
    const web = await server.addClient({ grantTypes: ['implicit'], redirectUris })
    expect(fragmentOf(await ask({}, web))).toHaveProperty('access_token')
  })
})

describe('the server', () => {
  test('tells of it in its metadata', async () => {
    const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
    expect(body).toMatchObject({
      response_types_supported: ['code', 'token'],
      response_modes_supported: ['query', 'fragment'],
      grant_types_supported: ['implicit', 'authorization_code', 'refresh_token'],
    })
  })

  test('does not know it at the token endpoint, whoever asks', async () => {
    for (const by of [client, { ...client, id: 'nobody' }]) {
      const { status, body } = await requestToken(server, by, { grant_type: 'implicit' })
      expect([status, body['error']]).toEqual([400, 'unsupported_grant_type'])
    }
  })

  test('warns of it once in the log, and says what to do instead', async () => {
    const lines = server.logs.filter((line) => line.includes('Insecure grant is enabled'))
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', grant: 'implicit' },
    ])
  })

  test('has the pages for it without the grant for codes', async () => {
    await using alone = await startServer({ grants: [implicitGrant()] })
    const somebody = await alone.addUser()
    const old = await alone.addClient({ grantTypes: ['implicit'], redirectUris, type: 'public' })
    const url = authorizationUrl(alone, old, { response_type: 'token', scope: 'orders:read' })
    expect(fragmentOf(await authorize(openBrowser(alone), url, somebody))).toHaveProperty('access_token')
    const code = await openBrowser(alone).open(authorizationUrl(alone, old))
    expect(code.url.searchParams.get('error')).toBe('unsupported_response_type')
    const { body } = await fetchJson(alone, '/.well-known/oauth-authorization-server')
    expect(body).toMatchObject({
      response_types_supported: ['token'],
      response_modes_supported: ['fragment'],
    })
  })

  test('cannot have it where PKCE is always needed', async () => {
    const start = startServer({ grants: [implicitGrant()], pkce: 'always' })
    await expect(start).rejects.toThrow("pkce: cannot be 'always' beside implicitGrant()")
  })
})
