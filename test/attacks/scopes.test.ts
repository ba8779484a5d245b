import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  callApi,
  requestToken,
  authorizationUrl,
  getCode,
  getTokens,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const RESOURCE = 'https://api.example'
const server = await startServer({ resources: [RESOURCE] })
const user = await server.addUser()
const client = await server.addClient({ scopes: ['orders:read', 'profile'] })
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const visit = { server, browser: openBrowser(server), client, user }
afterAll(server.close)

const WIDER = [
  'orders:read orders:create',
  'orders:read *',
  '*',
  'orders:*',
  'orders:read  orders:create',
  'orders:read\torders:create',
  'orders:read,orders:create',
  'orders:read\u00a0orders:create',
  'orders:read+orders:create',
  'ORDERS:READ',
  'orders:read __proto__',
  'constructor',
  'toString',
  'offline_access admin',
]

describe('more scopes than allowed are refused, never silently dropped:', () => {
  test.each(WIDER)('%j, in an authorization request', async (scope) => {
    const { url } = await visit.browser.open(authorizationUrl(server, client, { scope }))
    expect(url.searchParams.get('error')).toBe('invalid_scope')
  })

  test.each(WIDER)('%j, at a refresh, which leaves the token unchanged', async (scope) => {
    const tokens = await getCodeFlowTokens(visit)
    expect((await refresh(visit, tokens.refresh_token, { scope })).body['error']).toBe('invalid_scope')
    const next = await refresh(visit, tokens.refresh_token)
    expect(next.body['scope']).toBe('orders:read')
  })

  test.each(WIDER)('%j, for a machine', async (scope) => {
    const response = await requestToken(server, machine, { grant_type: 'client_credentials', scope })
    expect(response.body['error']).toBe('invalid_scope')
  })
})

test('an undefined scope is refused even to a client that may have every scope', async () => {
  const almighty = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['*'] })
  for (const scope of ['unknown:scope', '* unknown:scope', '__proto__', 'orders:*'])
    expect(
      (await requestToken(server, almighty, { grant_type: 'client_credentials', scope })).body['error'],
    ).toBe('invalid_scope')
})

test('a scope at the code exchange adds nothing to the granted ones', async () => {
  const { exchange } = await getCode(visit)
  const tokens = await getTokens(server, client, { ...exchange, scope: 'orders:read profile' })
  expect(tokens.scope).toBe('orders:read')
})

test('a scope in the consent form adds nothing to what the page showed', async () => {
  const page = await visit.browser.open(
    authorizationUrl(server, client, { scope: 'orders:read', prompt: 'consent' }),
  )
  const response = await visit.browser.press(page, 'Allow', { scope: 'orders:read profile' })
  const exchange = { grant_type: 'authorization_code', redirect_uri: client.redirectUri }
  const tokens = await getTokens(server, client, {
    ...exchange,
    code: response.url.searchParams.get('code') ?? '',
  })
  expect(tokens.scope).toBe('orders:read')
})

describe('a resource', () => {
  test('cannot be changed after consent, neither with the code nor with the refresh token', async () => {
    const { exchange } = await getCode(visit)
    const early = await requestToken(server, client, { ...exchange, resource: RESOURCE })
    expect(early.body['error']).toBe('invalid_target')
    const tokens = await getTokens(server, client, exchange)
    const late = await refresh(visit, tokens.refresh_token, { resource: RESOURCE })
    expect(late.body['error']).toBe('invalid_target')
  })

  test('that the server no longer has is refused, also at a refresh', async () => {
    const tokens = await getCodeFlowTokens(visit, { resource: RESOURCE })
    const { file, issuer } = server
    await using later = await startServer({ file, issuer })
    const ask = () => refresh({ server: later, client }, tokens.refresh_token)
    expect([(await ask()).body['error'], (await ask()).body['error']]).toEqual([
      'invalid_target',
      'invalid_target',
    ])
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })

  test('only opens its own API', async () => {
    const tokens = await getCodeFlowTokens(visit, { resource: RESOURCE })
    expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(401)
  })
})
