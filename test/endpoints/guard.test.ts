import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, fetchJson, getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { createSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const [billing, shipping] = ['https://billing.example', 'https://shipping.example']
const server = await startServer({ resources: [billing, shipping] })
const user = await server.addUser()
const client = await server.addClient()
const visit = { server, browser: openBrowser(server), client, user }
const { access_token: token } = await getCodeFlowTokens(visit)
afterAll(server.close)

const challengeOf = ({ headers }: { readonly headers: Headers }): string | null =>
  headers.get('www-authenticate')

async function machineToken(on: TestServer, resource?: string | readonly string[]): Promise<string> {
  const machine = await on.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  return (await getTokens(on, machine, { grant_type: 'client_credentials', resource })).access_token
}

test.each([
  ['without a header', {}],
  ['with another scheme', { authorization: `Basic ${btoa('a:b')}` }],
  ['with a scheme that only starts with Bearer', { authorization: `Bearerx ${token}` }],
  ['with a token in the query', {}, `?access_token=${token}`],
  ['with a token in a cookie', { cookie: `access_token=${token}` }],
])('a request %s gets a challenge without an error code', async (_, headers, query = '') => {
  const response = await fetchJson(server, `/me${query}`, { headers })
  expect(response.status).toBe(401)
  expect(response.body).toEqual({ error: 'missing_token', error_description: 'Missing token' })
  expect(challengeOf(response)).toBe(`Bearer realm="${server.issuer}"`)
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test.each([
  ['an invalid token', 'abc', 'Invalid token'],
  ['two tokens', `${token}, ${token}`, 'Invalid token'],
])('%s gets a challenge with the error', async (_, text, description) => {
  const response = await callApi(server, '/me', text)
  expect(response.status).toBe(401)
  expect(response.body).toEqual({ error: 'invalid_token', error_description: description })
  expect(challengeOf(response)).toBe(
    `Bearer realm="${server.issuer}", error="invalid_token", error_description="${description}"`,
  )
  expect(response.headers.get('cache-control')).toBe('no-store')
})

describe('a token is rejected', () => {
  test('if another issuer with the same keys issued it', async () => {
    await using twin = await startServer()
    const foreign = await machineToken(twin)
    expect((await callApi(twin, '/machine', foreign)).status).toBe(200)
    expect((await callApi(server, '/machine', foreign)).status).toBe(401)
  })

  test('if a server with the same issuer and other keys issued it', async () => {
    await using twin = await startServer({ issuer: server.issuer, secrets: createSecrets() })
    expect((await callApi(server, '/machine', await machineToken(twin))).status).toBe(401)
  })

  test('if it was issued for other resources', async () => {
    for (const resource of [billing, [billing, shipping]])
      expect((await callApi(server, '/machine', await machineToken(server, resource))).status).toBe(401)
  })
})

test('a token for several resources is accepted by the API that is one of them', async () => {
  const both = await machineToken(server, [billing, server.issuer])
  expect((await callApi(server, '/machine', both)).status).toBe(200)
})

describe('scopes', () => {
  test('that are missing are named in the challenge, with 403', async () => {
    const { access_token: lesser } = await getCodeFlowTokens(visit, { scope: 'profile' })
    const response = await callApi(server, '/orders', lesser)
    expect(response.status).toBe(403)
    expect(response.body).toEqual({
      error: 'insufficient_scope',
      error_description: 'Insufficient scope',
    })
    expect(challengeOf(response)).toBe(
      `Bearer realm="${server.issuer}", error="insufficient_scope", scope="orders:read"`,
    )
    expect((await callApi(server, '/me', lesser)).status).toBe(200)
  })

  test('of which one is enough are all named in the challenge', async () => {
    const { access_token: creator } = await getCodeFlowTokens(visit, { scope: 'orders:create' })
    const { access_token: lesser } = await getCodeFlowTokens(visit, { scope: 'profile' })
    expect((await callApi(server, '/anyone', creator)).status).toBe(200)
    const response = await callApi(server, '/anyone', lesser)
    expect([response.status, challengeOf(response)]).toEqual([
      403,
      `Bearer realm="${server.issuer}", error="insufficient_scope", scope="orders:read orders:create"`,
    ])
  })
})

test('the Bearer scheme can be written in any case', async () => {
  for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
    const headers = { authorization: `${scheme} ${token}` }
    expect((await fetchJson(server, '/me', { headers })).status).toBe(200)
  }
})

test('a guard takes a Fetch request, and returns a Response or the user', async () => {
  const guard = server.server.user('orders:read')
  const request = (headers: Record<string, string>): Request =>
    new Request('http://api.example/orders', { headers })
  const refused = await guard(request({}))
  expect(refused instanceof Response && refused.status).toBe(401)
  expect(await guard(request({ authorization: `Bearer ${token}` }))).toMatchObject({
    kind: 'user',
    user: { id: user.id },
  })
})
