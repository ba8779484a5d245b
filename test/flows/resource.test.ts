import { decodeJwt } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { addDeviceClient, decideDevice, poll, startDevice } from '../support/device.ts'
import {
  callApi,
  requestToken,
  authorizationUrl,
  authorize,
  codeIn,
  getCode,
  getTokens,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const [billing, shipping] = ['https://billing.example', 'https://shipping.example']
const server = await startServer({
  audience: 'https://api.example',
  resources: [billing, shipping],
  defaultScopes: ['profile', 'orders:read'],
})
const user = await server.addUser()
const client = await server.addClient()
const visit = { server, browser: openBrowser(server), client, user }
afterAll(server.close)

const audienceOf = (token: unknown): unknown => decodeJwt(String(token)).aud

describe('a resource (RFC 8707)', () => {
  test('is the audience of the access token and of refreshed ones', async () => {
    const tokens = await getCodeFlowTokens(visit, { resource: billing })
    const next = await refresh(visit, tokens.refresh_token)
    const named = await refresh(visit, String(next.body['refresh_token']), { resource: billing })
    const tokensOfAll = [tokens.access_token, next.body['access_token'], named.body['access_token']]
    expect(tokensOfAll.map(audienceOf)).toEqual([billing, billing, billing])
  })

  test('cannot be changed later, and trying spends nothing', async () => {
    const { exchange } = await getCode(visit, { resource: billing })
    for (const resource of [shipping, [billing, shipping]]) {
      const other = await requestToken(server, client, { ...exchange, resource })
      expect([other.status, other.body['error']]).toEqual([400, 'invalid_target'])
    }
    const tokens = await getTokens(server, client, exchange)
    const later = await refresh(visit, tokens.refresh_token, { resource: shipping })
    expect([later.status, later.body['error']]).toEqual([400, 'invalid_target'])
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })

  test('is compared as a URL and written as the server spells it', async () => {
    const tokens = await getCodeFlowTokens(visit, { resource: `${billing}/` })
    const next = await refresh(visit, tokens.refresh_token, { resource: 'HTTPS://billing.example:443' })
    expect([tokens.access_token, next.body['access_token']].map(audienceOf)).toEqual([billing, billing])
    const deeper = await refresh(visit, String(next.body['refresh_token']), { resource: `${billing}/v1` })
    expect(deeper.body['error']).toBe('invalid_target')
  })

  test('may be the default audience, which a token request can name later', async () => {
    const { exchange } = await getCode(visit)
    const tokens = await getTokens(server, client, { ...exchange, resource: 'https://api.example/' })
    expect(audienceOf(tokens.access_token)).toBe('https://api.example')
  })

  test('that was not requested leaves the configured audience, which this API accepts', async () => {
    const tokens = await getCodeFlowTokens(visit)
    expect(audienceOf(tokens.access_token)).toBe('https://api.example')
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
  })
})

describe('several resources', () => {
  const both = [billing, shipping]

  test('are all in the audience, in the order of the request and each once', async () => {
    const tokens = await getCodeFlowTokens(visit, { resource: [shipping, billing, `${shipping}/`] })
    expect(audienceOf(tokens.access_token)).toEqual([shipping, billing])
  })

  test('can be narrowed by the code exchange and by each refresh, and stay authorized', async () => {
    const { exchange } = await getCode(visit, { resource: both })
    const tokens = await getTokens(server, client, { ...exchange, resource: billing })
    const narrowed = await refresh(visit, tokens.refresh_token, { resource: shipping })
    const all = await refresh(visit, String(narrowed.body['refresh_token']))
    const audiences = [tokens.access_token, narrowed.body['access_token'], all.body['access_token']]
    expect(audiences.map(audienceOf)).toEqual([billing, shipping, both])
  })

  test('are refused if one of them is unknown', async () => {
    const page = await visit.browser.open(
      authorizationUrl(server, client, { resource: [billing, 'https://elsewhere.example'] }),
    )
    expect(page.url.searchParams.get('error')).toBe('invalid_target')
  })

  test('survive the sign-in page, the consent page and a request by POST', async () => {
    const browser = openBrowser(server)
    const fresh = await server.addClient()
    const url = new URL(authorizationUrl(server, fresh, { resource: both }))
    const page = await authorize(browser, `${url.origin}${url.pathname}`, user, {
      method: 'POST',
      body: url.searchParams,
    })
    const tokens = await getTokens(server, fresh, {
      grant_type: 'authorization_code',
      code: codeIn(page),
      redirect_uri: fresh.redirectUri,
    })
    expect(audienceOf(tokens.access_token)).toEqual(both)
  })

  test('can be requested with client credentials', async () => {
    const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const tokens = await getTokens(server, machine, { grant_type: 'client_credentials', resource: both })
    expect(audienceOf(tokens.access_token)).toEqual(both)
  })

  test('can be requested by a device, and narrowed by its poll', async () => {
    const tv = await addDeviceClient(server)
    const device = await startDevice(server, tv, { resource: both })
    await decideDevice(visit.browser, device, user)
    const tokens = await poll(server, device, { resource: shipping })
    const next = await refresh({ server, client: tv }, String(tokens.body['refresh_token']))
    expect([tokens, next].map(({ body }) => audienceOf(body['access_token']))).toEqual([shipping, both])
  })
})

describe('default scopes', () => {
  test('apply to a request without a scope', async () => {
    const tokens = await getCodeFlowTokens(visit, { scope: undefined })
    expect(tokens.scope).toBe('profile orders:read')
  })

  test('are shown on the consent page', async () => {
    const fresh = await server.addClient()
    const page = await visit.browser.open(authorizationUrl(server, fresh))
    expect(page.text).toContain('See your orders')
  })

  test('do not apply if the request names others', async () => {
    expect((await getCodeFlowTokens(visit, { scope: 'orders:create' })).scope).toBe('orders:create')
  })

  test('are limited to those that the client may have', async () => {
    const limited = await server.addClient({ scopes: ['orders:read'] })
    expect((await getCodeFlowTokens({ ...visit, client: limited }, { scope: undefined })).scope).toBe(
      'orders:read',
    )
  })
})
