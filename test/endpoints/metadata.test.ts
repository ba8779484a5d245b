import { afterAll, describe, expect, test } from 'vitest'
import { clientCredentials } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { callApi, authorizationUrl, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const tenant = await startServer({ path: '/tenant', prefix: '/auth/v1' })
afterAll(server.close)
afterAll(tenant.close)

const readJson = async (url: string): Promise<Record<string, unknown>> =>
  (await (await fetch(url)).json()) as Record<string, unknown>

describe('metadata (RFC 8414)', () => {
  test('lists the configured features and their endpoints', async () => {
    const response = await fetch(`${server.origin}/.well-known/oauth-authorization-server`)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=60')
    expect(response.headers.get('pragma')).toBeNull()
    expect(await response.json()).toEqual({
      issuer: server.issuer,
      authorization_endpoint: `${server.origin}/oauth/authorize`,
      token_endpoint: `${server.origin}/oauth/token`,
      device_authorization_endpoint: `${server.origin}/oauth/device/code`,
      revocation_endpoint: `${server.origin}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      introspection_endpoint: `${server.origin}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      introspection_signing_alg_values_supported: ['ES256'],
      revocation_feed_endpoint: `${server.origin}/oauth/revocations`,
      jwks_uri: `${server.origin}/.well-known/jwks.json`,
      scopes_supported: ['orders:read', 'orders:create', 'profile'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    })
  })

  test('omits features that are not configured, which have no endpoints either', async () => {
    await using machines = await startServer({ grants: [clientCredentials()], personalTokens: undefined })
    const metadata = await readJson(`${machines.origin}/.well-known/oauth-authorization-server`)
    expect(metadata['grant_types_supported']).toEqual(['client_credentials'])
    for (const name of [
      'authorization_endpoint',
      'device_authorization_endpoint',
      'prompt_values_supported',
      'request_parameter_supported',
      'code_challenge_methods_supported',
      'authorization_response_iss_parameter_supported',
    ])
      expect(metadata).not.toHaveProperty(name)
    const paths = ['/oauth/authorize', '/oauth/device', '/oauth/device/code', '/login', '/logout']
    const withUsers = ['/oauth/scopes', '/oauth/personal-access-tokens', '/oauth/tokens', '/account/apps']
    for (const path of [...paths, ...withUsers, '/account/tokens'])
      expect((await fetch(machines.endpoint(path))).status).toBe(404)
  })

  test('a server with personal access tokens only has a sign-in page', async () => {
    await using tokens = await startServer({ grants: [clientCredentials()] })
    expect((await fetch(tokens.endpoint('/login'))).status).toBe(200)
    expect((await fetch(tokens.endpoint('/oauth/authorize'))).status).toBe(404)
    expect((await fetch(tokens.endpoint('/account/tokens'))).url).toContain('/login?return_to=')
  })

  test('responds to HEAD without a body', async () => {
    const url = `${server.origin}/.well-known/oauth-authorization-server`
    const response = await fetch(url, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100)
    expect(await response.text()).toBe('')
  })
})

describe('the keys', () => {
  test('have an id and no private members', async () => {
    const { keys } = (await readJson(`${server.origin}/.well-known/jwks.json`)) as { keys: object[] }
    expect(keys).toHaveLength(1)
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })
})

describe('an issuer with a path', () => {
  test('has its metadata before the path (RFC 8414 section 3.1), and everything else below it', async () => {
    const metadata = await readJson(`${tenant.origin}/.well-known/oauth-authorization-server/tenant`)
    expect(metadata).toMatchObject({
      issuer: `${tenant.origin}/tenant`,
      authorization_endpoint: `${tenant.origin}/tenant/auth/v1/authorize`,
      token_endpoint: `${tenant.origin}/tenant/auth/v1/token`,
      revocation_feed_endpoint: `${tenant.origin}/tenant/auth/v1/revocations`,
      jwks_uri: `${tenant.origin}/tenant/.well-known/jwks.json`,
    })
    expect((await fetch(`${tenant.origin}/tenant/.well-known/jwks.json`)).status).toBe(200)
    for (const path of [
      '/oauth/token',
      '/tenant/oauth/token',
      '/login',
      '/.well-known/oauth-authorization-server',
    ])
      expect((await fetch(tenant.origin + path)).status).toBe(404)
  })

  test('supports the whole flow', async () => {
    await using plain = await startServer({ path: '/tenant' })
    const [user, client] = [await plain.addUser(), await plain.addClient()]
    const visit = { server: plain, browser: openBrowser(plain), user, client }
    const tokens = await getCodeFlowTokens(visit)
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
    expect((await callApi(plain, '/orders', tokens.access_token)).status).toBe(200)
    const page = await visit.browser.open(authorizationUrl(plain, client, { prompt: 'none' }))
    expect(page.url.searchParams.get('iss')).toBe(`${plain.origin}/tenant`)
    const question = await visit.browser.open(plain.endpoint('/logout'))
    expect((await visit.browser.press(question, 'Sign out')).text).toContain("You're signed out")
  })
})
