import { decodeJwt } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  askApi,
  askToken,
  authorizationUrl,
  getCode,
  getTokens,
  getVisitTokens,
  refresh,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const [billing, shipping] = ['https://billing.example', 'https://shipping.example']
const server = await startServer({
  audience: 'https://api.example',
  resources: [billing, shipping],
  defaultScopes: ['profile', 'orders:read'],
})
const person = await server.addPerson()
const client = await server.addClient()
const visit = { server, browser: openBrowser(server), client, person }
afterAll(server.close)

const audienceOf = (token: unknown): unknown => decodeJwt(String(token)).aud

describe('a resource (RFC 8707)', () => {
  test('that was asked for is the audience of the tokens, refreshed ones too', async () => {
    const tokens = await getVisitTokens(visit, { resource: billing })
    const next = await refresh(visit, tokens.refresh_token)
    const named = await refresh(visit, String(next.body['refresh_token']), { resource: billing })
    const tokensOfAll = [tokens.access_token, next.body['access_token'], named.body['access_token']]
    expect(tokensOfAll.map(audienceOf)).toEqual([billing, billing, billing])
  })

  test('cannot be changed afterwards, and trying spends nothing', async () => {
    const { exchange } = await getCode(visit, { resource: billing })
    const other = await askToken(server, client, { ...exchange, resource: shipping })
    expect([other.status, other.body['error']]).toEqual([400, 'invalid_target'])
    const tokens = await getTokens(server, client, exchange)
    const later = await refresh(visit, tokens.refresh_token, { resource: shipping })
    expect([later.status, later.body['error']]).toEqual([400, 'invalid_target'])
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })

  test('that was not asked for leaves the configured audience, which this API is', async () => {
    const tokens = await getVisitTokens(visit)
    expect(audienceOf(tokens.access_token)).toBe('https://api.example')
    expect((await askApi(server, '/me', tokens.access_token)).status).toBe(200)
  })
})

describe('default scopes', () => {
  test('are what a request gets that names none', async () => {
    const tokens = await getVisitTokens(visit, { scope: undefined })
    expect(tokens.scope).toBe('profile orders:read')
  })

  test('are asked for on the consent page', async () => {
    const fresh = await server.addClient()
    const page = await visit.browser.open(authorizationUrl(server, fresh))
    expect(page.text).toContain('See your orders')
  })

  test('are left out where the request names others', async () => {
    expect((await getVisitTokens(visit, { scope: 'orders:create' })).scope).toBe('orders:create')
  })

  test('are cut to what the client may have', async () => {
    const limited = await server.addClient({ scopes: ['orders:read'] })
    expect((await getVisitTokens({ ...visit, client: limited }, { scope: undefined })).scope).toBe(
      'orders:read',
    )
  })
})
