import { afterAll, describe, expect, test } from 'vitest'
import { createGuard } from '../../src/guard/standalone.ts'
import { signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig, SCOPES, type TestScope } from '../support/config.ts'
import { addDeviceClient, requestDeviceCode } from '../support/device.ts'
import {
  authorizationUrl,
  callApi,
  getCodeFlowTokens,
  getTokens,
  refresh,
  requestToken,
} from '../support/oauth-client.ts'
import { startServer, type TestClient, type TestServer } from '../support/server.ts'
import { postLogin } from '../support/sign-in-api.ts'

/** Its API requires `orders:read`. */
const scopes = { ...SCOPES, orders: 'Manage your orders' }
const grants = [...commonConfig().grants, signIn({ scopes: ['orders'] })]
const defaultScopes: TestScope[] = ['orders:read', 'profile']
const resources = [{ uri: 'https://orders.example', scopes: ['orders'] as unknown as TestScope[] }]
const server = await startServer({ scopes, grants, defaultScopes, resources, scopeInheritance: true })
const user = await server.addUser()
const client = await server.addClient({ scopes: ['orders'] })
const visit = { server, browser: openBrowser(server), client, user }
afterAll(server.close)

const getOrders = async (token: string, at: TestServer = server): Promise<number> =>
  (await callApi(at, '/orders', token)).status

/** Returns the error of a silent request, or null if the client gets a code. */
const silentError = async (scope: string, by: TestClient, at: TestServer = server) => {
  const { url } = await visit.browser.open(authorizationUrl(at, by, { scope, prompt: 'none' }))
  return url.searchParams.get('error')
}

describe('with scopeInheritance, a scope', () => {
  test('opens routes that require one below it, and the token has it as it was requested', async () => {
    const tokens = await getCodeFlowTokens(visit, { scope: 'orders' })
    expect([tokens.scope, await getOrders(tokens.access_token)]).toEqual(['orders', 200])
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const check = server.server.anyone({ anyOf: ['profile', 'orders:read'] })
    expect(await check(new Request(server.issuer, { headers }))).toMatchObject({ scopes: ['orders'] })
  })

  test('opens no routes that require one beside it or above it', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit, { scope: 'orders:create' })
    const { status, headers } = await callApi(server, '/orders', token)
    expect([status, headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('scope="orders:read"'),
    ])
  })

  test('on the record of a client lets it request those below, but not the other way round', async () => {
    expect((await getCodeFlowTokens(visit, { scope: 'orders:read' })).scope).toBe('orders:read')
    const reader = await server.addClient({ scopes: ['orders:read'] })
    expect(await silentError('orders', reader)).toBe('invalid_scope')
    expect(await silentError('profile', client)).toBe('invalid_scope')
  })

  test('on the record of a client allows the default scopes below it', async () => {
    expect((await getCodeFlowTokens(visit, { scope: undefined })).scope).toBe('orders:read')
  })

  test('can be narrowed at a refresh to one below it, and is complete at the next refresh', async () => {
    const tokens = await getCodeFlowTokens(visit, { scope: 'orders' })
    const narrowed = await refresh(visit, tokens.refresh_token, { scope: 'orders:read' })
    expect(narrowed.body['scope']).toBe('orders:read')
    expect(await getOrders(String(narrowed.body['access_token']))).toBe(200)
    const next = await refresh(visit, String(narrowed.body['refresh_token']))
    expect(next.body['scope']).toBe('orders')
  })

  test.each(['orders', 'orders:create', 'orders:read:mine', 'orders:read orders', '*'])(
    'that was granted cannot become %j at a refresh',
    async (scope) => {
      const tokens = await getCodeFlowTokens(visit, { scope: 'orders:read' })
      expect((await refresh(visit, tokens.refresh_token, { scope })).body['error']).toBe('invalid_scope')
    },
  )

  test('that is too wide for its client by now leaves what the client may still have', async () => {
    const changing = await server.addClient({ scopes: ['orders'] })
    const tokens = await getCodeFlowTokens({ ...visit, client: changing }, { scope: 'orders' })
    await server.server.clients.update(changing.id, { scopes: ['orders:read', 'profile'] })
    const { body } = await refresh({ server, client: changing }, tokens.refresh_token)
    expect(body['scope']).toBe('orders:read')
  })

  test('that the user allowed includes those below it, but not the other way round', async () => {
    const [wide, narrow] = [await server.addClient(), await server.addClient()]
    await getCodeFlowTokens({ ...visit, client: wide }, { scope: 'orders' })
    await getCodeFlowTokens({ ...visit, client: narrow }, { scope: 'orders:read' })
    expect(await silentError('orders:read orders:create', wide)).toBeNull()
    expect(await silentError('orders:read profile', wide)).toBe('consent_required')
    expect(await silentError('orders', narrow)).toBe('consent_required')
  })

  test('on the record of a machine lets it request those below it', async () => {
    const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders'] })
    const ask = (scope: string) => requestToken(server, machine, { grant_type: 'client_credentials', scope })
    const { body } = await ask('orders:read')
    expect(body['scope']).toBe('orders:read')
    const wide = await getTokens(server, machine, { grant_type: 'client_credentials', scope: 'orders' })
    expect((await callApi(server, '/machine/orders', wide.access_token)).status).toBe(200)
    expect((await ask('profile')).body['error']).toBe('invalid_scope')
  })

  test('on the record of a device lets it request those below it', async () => {
    const device = await addDeviceClient(server, { scopes: ['orders'] })
    const ask = async (scope: string) => (await requestDeviceCode(server, device, { scope })).status
    expect([await ask('orders:read'), await ask('profile')]).toEqual([200, 400])
  })

  test('of a personal access token opens routes that require one below it', async () => {
    const personal = { name: 'Backup', scopes: ['orders'] as unknown as TestScope[] }
    const { accessToken } = await server.server.personalTokens.create(user.id, personal)
    server.knownSecrets.add('access token', accessToken)
    expect(await getOrders(accessToken)).toBe(200)
  })

  test('of the sign-in API lets an app request those below it', async () => {
    const { status, body } = await postLogin(server, user, { scope: 'orders:read' })
    expect([status, body['scope']]).toEqual([200, 'orders:read'])
    expect((await postLogin(server, user, { scope: 'profile' })).body['error']).toBe('invalid_scope')
  })
})

test('a guard of the server can require scopes below those of its resource', () => {
  const { uri: resource } = resources[0] ?? { uri: '' }
  const { user: guard } = server.server
  expect(() => guard({ resource, allOf: ['orders:read'] })).not.toThrow()
  expect(() => guard({ resource, allOf: ['profile'] })).toThrow('is not one of the scopes of the resource')
})

describe('a guard in another service', () => {
  const options = { issuer: server.issuer, revocations: 'none' } as const
  const check = async (guard: ReturnType<typeof createGuard>, token: string) => {
    const request = new Request('https://orders.example', { headers: { authorization: `Bearer ${token}` } })
    const auth = await guard.user('orders:read')(request)
    return auth instanceof Response ? auth.status : [auth.can('orders:x:y'), auth.cannot('ordersx')]
  }

  test('applies inheritance if it is configured to', async () => {
    const { access_token: token } = await getCodeFlowTokens(visit, { scope: 'orders' })
    const [inheriting, exact] = [createGuard({ ...options, scopeInheritance: true }), createGuard(options)]
    expect([await check(inheriting, token), await check(exact, token)]).toEqual([[true, true], 403])
    for (const guard of [inheriting, exact]) guard.close()
  })

  test('can require scopes below those of its resource', () => {
    const metadata = { scopes: ['orders'] }
    const guard = createGuard({
      ...options,
      scopeInheritance: true,
      audience: 'https://orders.example',
      resourceMetadata: metadata,
    })
    const resource = 'https://orders.example'
    expect(() => guard.user({ resource, allOf: ['orders:read'] })).not.toThrow()
    expect(() => guard.user({ resource, allOf: ['ordersx'] })).toThrow('is not one of the scopes')
    guard.close()
  })
})

describe('if scopeInheritance is turned off', () => {
  test('tokens keep their scopes, which no longer cover those below, and users are asked again', async () => {
    const wide = await server.addClient()
    const tokens = await getCodeFlowTokens({ ...visit, client: wide }, { scope: 'orders' })
    const { file, issuer } = server
    await using later = await startServer({ scopes, file, issuer })
    expect(await getOrders(tokens.access_token, later)).toBe(403)
    const from = { server: later, client: wide }
    const narrowed = await refresh(from, tokens.refresh_token, { scope: 'orders:read' })
    expect(narrowed.body['error']).toBe('invalid_scope')
    const { body } = await refresh(from, tokens.refresh_token)
    expect(body['scope']).toBe('orders')
    expect(await silentError('orders:read', wide, later)).toBe('consent_required')
    expect(await silentError('orders', wide, later)).toBeNull()
  })

  test('a refresh drops what only inheritance allowed the client', async () => {
    const tokens = await getCodeFlowTokens(visit, { scope: 'orders:read' })
    const { file, issuer } = server
    await using later = await startServer({ scopes, file, issuer })
    const { status, body } = await refresh({ server: later, client }, tokens.refresh_token)
    expect([status, body['scope']]).toEqual([200, ''])
  })
})
