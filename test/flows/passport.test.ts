import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  callApi,
  codeIn,
  createPkce,
  fetchJson,
  formBody,
} from '../support/oauth-client.ts'
import type { JsonResponse, Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const server = await startServer()
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
