import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { SCOPES } from '../support/config.ts'
import {
  authorizationUrl,
  authorize,
  callApi,
  codeIn,
  createPkce,
  fetchJson,
  formBody,
  getCodeFlowTokens,
} from '../support/oauth-client.ts'
import type { JsonResponse, Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const server = await startServer({ userApps: {} })
const user = await server.addUser()
afterAll(server.close)

/** Laravel's `Http::asForm()->post()`: the credentials are in the body. */
const post = ({ id, secret }: TestClient, parameters: Parameters): Promise<JsonResponse> =>
  fetchJson(server, '/oauth/token', {
    method: 'POST',
    body: formBody({ client_id: id, client_secret: secret, ...parameters }),
  })

const urlFor = (client: TestClient, parameters: Parameters): string =>
  authorizationUrl(server, client, parameters)

describe("the requests in Passport's documentation", () => {
  test('authorize, with an empty scope and prompt, get tokens and refresh them', async () => {
    const client = await server.addClient()
    const page = await authorize(openBrowser(server), urlFor(client, { scope: '', prompt: '' }), user)
    expect(page.url.searchParams.get('state')).toBe('xyz')
    const exchange = {
      grant_type: 'authorization_code',
      redirect_uri: client.redirectUri,
      code: codeIn(page),
    }
    const { status, body } = await post(client, exchange)
    expect([status, Object.keys(body).sort()]).toEqual([
      200,
      ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type'],
    ])
    const refreshing = {
      grant_type: 'refresh_token',
      refresh_token: String(body['refresh_token']),
      scope: '',
    }
    const refreshed = await post(client, refreshing)
    expect((await callApi(server, '/me', String(refreshed.body['access_token']))).status).toBe(200)
  })

  test('authorize a public client with PKCE and scopes', async () => {
    const client = await server.addClient({ type: 'public' })
    const { verifier, challenge } = createPkce()
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
    const url = urlFor(client, { scope: 'orders:read orders:create', ...pkce })
    const { status, body } = await post(client, {
      grant_type: 'authorization_code',
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
      code: codeIn(await authorize(openBrowser(server), url, user)),
    })
    expect([status, body['scope']]).toEqual([200, 'orders:read orders:create'])
  })
})

describe('an app that a user allows again', () => {
  test('gets a new code and new tokens each time, which work side by side', async () => {
    const client = await server.addClient()
    const browser = openBrowser(server)
    const connect = async (): Promise<string> => {
      const code = codeIn(await authorize(browser, urlFor(client, { scope: 'profile' }), user))
      const { body } = await post(client, {
        grant_type: 'authorization_code',
        redirect_uri: client.redirectUri,
        code,
      })
      return String(body['access_token'])
    }
    const tokens = [await connect(), await connect()]
    expect(new Set(tokens).size).toBe(2)
    for (const token of tokens) expect((await callApi(server, '/me', token)).status).toBe(200)
  })
})

describe("what Passport's Vue components did", () => {
  /** axios in a signed-in browser, with the CSRF token as a default header. */
  async function openSettings() {
    const owner = await server.addUser()
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), owner)
    const request = async (method: string, path: string, data?: object) => {
      const list = await browser.open(server.endpoint('/oauth/scopes'))
      const headers = {
        accept: 'application/json, text/plain, */*',
        'content-type': 'application/json',
        'x-requested-with': 'XMLHttpRequest',
        'x-csrf-token': server.knownSecrets.add('csrf', list.headers.get('x-csrf-token') ?? ''),
      }
      const body = data && JSON.stringify(data)
      const page = await browser.open(server.endpoint(path), { method, headers, ...(body && { body }) })
      const answer = (page.body === '' ? {} : JSON.parse(page.body)) as Answer
      for (const secret of [answer['client_secret'], answer['access_token']])
        if (typeof secret === 'string') server.knownSecrets.add('secret', secret)
      return { status: page.status, data: answer }
    }
    return { owner, browser, request }
  }

  type Answer = Readonly<Record<string, unknown>> & readonly Readonly<Record<string, unknown>>[]

  test('Clients: registers an app by name and redirect, shows its secret once, changes and deletes it', async () => {
    const { request } = await openSettings()
    expect((await request('GET', '/oauth/clients')).data).toEqual([])
    const redirect = 'https://tools.example/callback'
    const created = await request('POST', '/oauth/clients', {
      name: 'Tools',
      redirect,
      confidential: true,
      errors: [],
    })
    expect(created.status).toBe(201)
    const { client_id: id, client_secret: secret } = created.data
    expect(secret).toEqual(expect.any(String))
    const listed = await request('GET', '/oauth/clients')
    expect(listed.data).toHaveLength(1)
    expect(listed.data[0]).toMatchObject({
      client_id: id,
      client_name: 'Tools',
      redirect_uris: [redirect],
      confidential: true,
    })
    expect(listed.data[0]).not.toHaveProperty('client_secret')
    const changes = { name: 'Better tools', redirect: `${redirect},https://tools.example/other`, errors: [] }
    const updated = await request('PUT', `/oauth/clients/${String(id)}`, changes)
    expect([updated.status, updated.data['client_name']]).toEqual([200, 'Better tools'])
    expect((await request('DELETE', `/oauth/clients/${String(id)}`)).status).toBe(204)
    expect((await request('GET', '/oauth/clients')).data).toEqual([])
  })

  test('Clients: shows why an app is not registered', async () => {
    const { request } = await openSettings()
    for (const form of [
      { name: '', redirect: 'https://tools.example/' },
      { name: 'Tools', redirect: 'tools' },
    ]) {
      const { status, data } = await request('POST', '/oauth/clients', {
        ...form,
        confidential: true,
        errors: [],
      })
      expect([status, Object.values(data['errors'] ?? {}).flat()]).toEqual([422, [expect.any(String)]])
    }
  })

  test('AuthorizedClients: lists the apps that may act for the user, and revokes one', async () => {
    const { owner, browser, request } = await openSettings()
    const client = await server.addClient({ name: 'Calendar', isThirdParty: true })
    const { access_token: token, refresh_token: refreshToken } = await getCodeFlowTokens({
      server,
      browser,
      client,
      user: owner,
    })
    const { data } = await request('GET', '/oauth/tokens')
    expect(data).toHaveLength(1)
    expect(data[0]).toMatchObject({ client: { client_name: 'Calendar' }, scopes: ['orders:read'] })
    expect((await request('DELETE', `/oauth/tokens/${String(data[0]?.['id'])}`)).status).toBe(204)
    expect((await request('GET', '/oauth/tokens')).data).toEqual([])
    expect((await callApi(server, '/me', token)).status).toBe(401)
    expect((await post(client, { grant_type: 'refresh_token', refresh_token: refreshToken })).status).toBe(
      400,
    )
  })

  test('PersonalAccessTokens: offers the scopes, creates a token, lists and deletes it', async () => {
    const { request } = await openSettings()
    const scopes = await request('GET', '/oauth/scopes')
    expect(scopes.data.map(({ id }) => id)).toEqual(Object.keys(SCOPES))
    const created = await request('POST', '/oauth/personal-access-tokens', {
      name: 'Backup',
      scopes: ['profile'],
      errors: [],
    })
    expect(created.status).toBe(201)
    expect((await callApi(server, '/me', String(created.data['access_token']))).status).toBe(200)
    const { data } = await request('GET', '/oauth/personal-access-tokens')
    expect(data.map(({ name }) => name)).toEqual(['Backup'])
    expect((await request('DELETE', `/oauth/personal-access-tokens/${String(data[0]?.['id'])}`)).status).toBe(
      204,
    )
    expect((await callApi(server, '/me', String(created.data['access_token']))).status).toBe(401)
  })
})
