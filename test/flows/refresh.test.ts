import { DatabaseSync } from 'node:sqlite'
import { decodeJwt } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { authorizationCode, refreshToken } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { callApi, requestToken, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const visit = { server, browser: openBrowser(server), client, user }
afterAll(server.close)

const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])
const scopesIn = ({ body }: JsonResponse): unknown => decodeJwt(String(body['access_token']))['scope']

test('a refresh returns a new access token and a new refresh token, and no other field', async () => {
  const tokens = await getCodeFlowTokens(visit)
  const { status, headers, body } = await refresh(visit, tokens.refresh_token)
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toEqual({
    access_token: expect.any(String) as unknown,
    token_type: 'Bearer',
    expires_in: 900,
    refresh_token: expect.stringMatching(/^cons_rt_/) as unknown,
    scope: 'orders:read',
  })
  expect(body['refresh_token']).not.toBe(tokens.refresh_token)
  expect((await callApi(server, '/me', String(body['access_token']))).status).toBe(200)
})

test('the old access token works until it expires, for other tabs', async () => {
  const tokens = await getCodeFlowTokens(visit)
  await refresh(visit, tokens.refresh_token)
  expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
  server.clock.advance('15m')
  expect((await callApi(server, '/me', tokens.access_token)).body['error_description']).toBe('Token expired')
})

describe('scope', () => {
  test('can be narrowed for one access token', async () => {
    const tokens = await getCodeFlowTokens(visit, { scope: 'orders:read profile' })
    const narrow = await refresh(visit, tokens.refresh_token, { scope: 'profile' })
    expect([narrow.body['scope'], scopesIn(narrow)]).toEqual(['profile', 'profile'])
    const whole = await refresh(visit, tokenIn(narrow))
    expect([whole.body['scope'], scopesIn(whole)]).toEqual(['orders:read profile', 'orders:read profile'])
  })

  test.each(['orders:read orders:create', 'unknown:scope', '*'])('cannot be widened to %s', async (scope) => {
    const tokens = await getCodeFlowTokens(visit)
    const response = await refresh(visit, tokens.refresh_token, { scope })
    expect([response.status, response.body['error']]).toEqual([400, 'invalid_scope'])
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })

  test('shrinks to the scopes that the client still has', async () => {
    const shrinking = await server.addClient()
    const theirs = { ...visit, client: shrinking }
    const tokens = await getCodeFlowTokens(theirs, { scope: 'orders:read profile' })
    await server.store.clients.update(shrinking.id, { scopes: ['profile'] })
    server.clock.advance('2s')
    expect((await refresh(theirs, tokens.refresh_token)).body['scope']).toBe('profile')
  })
})

describe('a refresh token', () => {
  test('works only for its client, and survives the attempts of others', async () => {
    const other = await server.addClient({ name: 'Other' })
    const tokens = await getCodeFlowTokens(visit)
    const response = await refresh({ server, client: other }, tokens.refresh_token)
    expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })

  test('is issued only to clients with the refresh_token grant', async () => {
    const once = await server.addClient({
      grantTypes: ['authorization_code'],
      redirectUris: ['https://app.example/callback'],
    })
    const tokens = await getCodeFlowTokens({ ...visit, client: once })
    expect(tokens.refresh_token).toBe('')
    const response = await refresh({ server, client: once }, 'cons_rt_whatever')
    expect([response.status, response.body['error']]).toEqual([400, 'unauthorized_client'])
  })

  test('stops working if the user is disabled', async () => {
    const leaver = await server.addUser()
    const theirs = { ...visit, browser: openBrowser(server), user: leaver }
    const tokens = await getCodeFlowTokens(theirs)
    await server.store.users.update(leaver.id, { disabledAt: server.clock.now() })
    const response = await refresh(theirs, tokens.refresh_token)
    expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
    await server.store.users.update(leaver.id, { disabledAt: null })
    expect((await refresh(theirs, tokens.refresh_token)).status).toBe(200)
  })

  test('stops working if the authorization is revoked, together with the access tokens', async () => {
    const tokens = await getCodeFlowTokens(visit)
    const { body } = await callApi(server, '/me', tokens.access_token)
    expect(await server.server.authorizations.revoke(String(body['authorizationId']))).toBe(true)
    expect((await refresh(visit, tokens.refresh_token)).body['error']).toBe('invalid_grant')
    expect((await callApi(server, '/me', tokens.access_token)).body['error_description']).toBe(
      'Token revoked',
    )
  })

  test('stays revoked if a restored backup says otherwise', async () => {
    const tokens = await getCodeFlowTokens(visit)
    const id = String((await callApi(server, '/me', tokens.access_token)).body['authorizationId'])
    await server.server.authorizations.revoke(id)
    using database = new DatabaseSync(server.file)
    database.prepare('update consulate_authorizations set revoked_at = null where id = ?').run(id)
    expect((await server.store.authorizations.find(id))?.revokedAt).toBe(null)
    expect((await refresh(visit, tokens.refresh_token)).body['error']).toBe('invalid_grant')
  })
})

test('a resource that was not authorized is refused, and does not rotate the token', async () => {
  const tokens = await getCodeFlowTokens(visit)
  const response = await refresh(visit, tokens.refresh_token, { resource: 'https://billing.example' })
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_target'])
  const { jti = '' } = decodeJwt(tokens.access_token)
  expect((await server.store.authorizations.find(jti.split('.')[0] ?? ''))?.generation).toBe(0)
})

test.each([
  ['no refresh token at all', 'hello'],
  ['an empty shape', 'cons_rt_aaaaaaaa.b.0.c.d'],
  ['a very long text', 'x'.repeat(10_000)],
])('%s gets invalid_grant', async (_, token) => {
  const response = await refresh(visit, token)
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
})

test('a token that is altered in any part gets invalid_grant', async () => {
  const { refresh_token: token } = await getCodeFlowTokens(visit)
  const [head = '', id = '', generation = '', seed = '', mac = ''] = token.split('.')
  const forged = [
    [head, id, String(Number(generation) + 1), seed, mac],
    [head, id, generation, seed.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')), mac],
    [head, id.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')), generation, seed, mac],
    [head, id, generation, seed, mac.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))],
  ]
  for (const parts of forged)
    expect((await refresh(visit, parts.join('.'))).body['error']).toBe('invalid_grant')
  expect((await refresh(visit, token)).status).toBe(200)
})

describe('the lifetime of a refresh token', () => {
  test('starts again with each refresh', async () => {
    const tokens = await getCodeFlowTokens(visit)
    server.clock.advance('29d')
    const next = await refresh(visit, tokens.refresh_token)
    server.clock.advance('29d')
    const last = await refresh(visit, tokenIn(next))
    expect([next.status, last.status]).toEqual([200, 200])
    server.clock.advance('31d')
    const late = await refresh(visit, tokenIn(last))
    expect([late.status, late.body['error']]).toEqual([400, 'invalid_grant'])
  })

  test('has a maximum over all refreshes if one is configured', async () => {
    const grants = [authorizationCode(), refreshToken({ lifetime: '12h', maximumLifetime: '20h' })]
    await using capped = await startServer({ grants })
    const [user, app] = [await capped.addUser(), await capped.addClient()]
    const theirs = { server: capped, browser: openBrowser(capped), client: app, user }
    const tokens = await getCodeFlowTokens(theirs)
    capped.clock.advance('11h')
    const next = await refresh(theirs, tokens.refresh_token)
    expect(next.status).toBe(200)
    capped.clock.advance('8h')
    const last = await refresh(theirs, tokenIn(next))
    expect(last.status).toBe(200)
    capped.clock.advance('61m')
    expect((await refresh(theirs, tokenIn(last))).body['error']).toBe('invalid_grant')
  })
})

describe("rotation: 'public'", () => {
  test('keeps the refresh token of a confidential client and replaces that of a public one', async () => {
    const grants = [authorizationCode(), refreshToken({ rotation: 'public' })]
    await using calm = await startServer({ grants })
    const user = await calm.addUser()
    const [web, native] = [await calm.addClient(), await calm.addClient({ type: 'public' })]
    for (const app of [web, native]) {
      const theirs = { server: calm, browser: openBrowser(calm), client: app, user }
      const tokens = await getCodeFlowTokens(theirs)
      const next = tokenIn(await refresh(theirs, tokens.refresh_token))
      expect(next === tokens.refresh_token).toBe(app === web)
      calm.clock.advance('2m')
      expect((await refresh(theirs, tokens.refresh_token)).status).toBe(app === web ? 200 : 400)
    }
  })
})

test('a request without refresh_token refreshes nothing', async () => {
  const response = await requestToken(server, client, { grant_type: 'refresh_token' })
  expect(response).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
})
