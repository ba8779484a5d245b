import { afterAll, expect, test } from 'vitest'
import {
  authorizationCode,
  clientCredentials,
  deviceCode,
  implicitGrant,
  passwordGrant,
  refreshToken,
} from '../../src/index.ts'
import type { ClientRegistration } from '../../src/index.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { testClient, type ClientKind } from '../../src/testing/index.ts'
import { openBrowser } from '../support/browser.ts'
import { decideDevice, getDeviceTokens, startDevice } from '../support/device.ts'
import {
  callApi,
  fetchJson,
  authorize,
  authorizationUrl,
  basic,
  getTokens,
  getCodeFlowTokens,
  introspectToken,
  requestToken,
} from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

/* What each kind of client in tests is good for, at a server with every grant. */
const server = await startServer({
  grants: [
    authorizationCode(),
    refreshToken(),
    clientCredentials(),
    deviceCode(),
    passwordGrant(),
    implicitGrant(),
  ],
})
afterAll(server.close)
const user = await server.addUser()

type Granted = { readonly access_token: string; readonly refresh_token: string }

const visit = (client: TestClient): Promise<Granted> =>
  getCodeFlowTokens({ server, browser: openBrowser(server), client, user })

/** How each kind of client gets its tokens. */
const WAYS: Readonly<
  Record<Exclude<ClientKind, 'service' | 'introspecting'>, (client: TestClient) => Promise<Granted>>
> = {
  web: visit,
  spa: visit,
  native: visit,
  public: visit,
  'third-party': visit,
  machine: (client) => getTokens(server, client, { grant_type: 'client_credentials', scope: 'orders:read' }),
  async device(client) {
    const device = await startDevice(server, client)
    await decideDevice(openBrowser(server), device, user)
    return getDeviceTokens(server, device)
  },
  password: (client) => {
    const credentials = { grant_type: 'password', username: user.email, password: user.password }
    return getTokens(server, client, { ...credentials, scope: 'orders:read' })
  },
  async implicit(client) {
    const url = authorizationUrl(server, client, { response_type: 'token', scope: 'orders:read' })
    const fragment = new URLSearchParams((await authorize(openBrowser(server), url, user)).url.hash.slice(1))
    const token = server.knownSecrets.add('access token', fragment.get('access_token') ?? '')
    return { access_token: token, refresh_token: '' }
  },
}

const add = (kind: ClientKind, changes: Partial<ClientRegistration> = {}): Promise<TestClient> =>
  server.addClient(testClient(kind, changes))

type Row = readonly [
  ClientKind,
  { readonly secret: boolean; readonly refreshes: boolean; readonly opens: string },
]
const ROWS: readonly Row[] = [
  ['web', { secret: true, refreshes: true, opens: '/orders' }],
  ['spa', { secret: false, refreshes: true, opens: '/orders' }],
  ['native', { secret: false, refreshes: true, opens: '/orders' }],
  ['public', { secret: false, refreshes: true, opens: '/orders' }],
  ['third-party', { secret: true, refreshes: true, opens: '/orders' }],
  ['machine', { secret: true, refreshes: false, opens: '/machine/orders' }],
  ['device', { secret: false, refreshes: true, opens: '/orders' }],
  ['password', { secret: true, refreshes: true, opens: '/orders' }],
  ['implicit', { secret: false, refreshes: false, opens: '/orders' }],
]

test.each(ROWS)('%s gets tokens with its own grant', async (kind, { secret, refreshes, opens }) => {
  const client = await add(kind, kind === 'machine' ? { scopes: ['orders:read'] } : {})
  expect(client.secret !== undefined).toBe(secret)
  const tokens = await WAYS[kind as keyof typeof WAYS](client)
  expect(await callApi(server, opens, tokens.access_token)).toMatchObject({
    status: 200,
    body: { client: { id: client.id }, scopes: ['orders:read'] },
  })
  expect(tokens.refresh_token !== '').toBe(refreshes)
})

test('service: reads the revocation feed, and gets no tokens', async () => {
  const { id, secret = '' } = await add('service')
  const headers = { authorization: basic(id, secret) }
  expect(await fetchJson(server, '/oauth/revocations', { headers })).toMatchObject({ status: 200 })
  const body = new URLSearchParams({ grant_type: 'client_credentials' })
  expect(await fetchJson(server, '/oauth/token', { method: 'POST', body, headers })).toMatchObject({
    body: { error: 'unauthorized_client' },
  })
})

test('introspecting: introspects tokens, and gets none', async () => {
  const client = await add('introspecting')
  expect(await introspectToken(server, client, 'unknown')).toMatchObject({
    status: 200,
    body: { active: false },
  })
  expect((await requestToken(server, client, { grant_type: 'client_credentials' })).body).toMatchObject({
    error: 'unauthorized_client',
  })
})

test('a machine gets no scopes unless it is registered with some', async () => {
  const client = await add('machine')
  const tokens = await getTokens(server, client, { grant_type: 'client_credentials' })
  expect((await callApi(server, '/machine', tokens.access_token)).body).toMatchObject({ scopes: [] })
})

test('further options override those of the kind', async () => {
  const changes = { id: 'shop', name: 'Shop', ownerId: '7', scopes: ['profile'] }
  const { client } = await server.server.clients.create(testClient('public', changes))
  expect(client).toMatchObject({ ...changes, type: 'public', redirectUris: ['https://app.example/callback'] })
})

const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', 'password', DEVICE_GRANT]

/** A request that would be valid but for the client. */
const credentials = (grantType: string) => ({
  grant_type: grantType,
  code: 'unknown',
  refresh_token: 'unknown',
  device_code: 'unknown',
  username: user.email,
  password: user.password,
})

const KINDS: readonly ClientKind[] = [...ROWS.map(([kind]) => kind), 'service', 'introspecting']

test.each(KINDS)('%s gets unauthorized_client for every grant that is not its own', async (kind) => {
  const registration = testClient(kind)
  const client = await server.addClient(registration)
  const others = GRANTS.filter((grantType) => !registration.grantTypes?.includes(grantType))
  for (const grantType of others) {
    const { status, body } = await requestToken(server, client, credentials(grantType))
    expect([grantType, status, body['error']]).toEqual([grantType, 400, 'unauthorized_client'])
  }
  expect(others.length).toBeGreaterThan(2)
})

test.each(KINDS)('%s gets no code, token or device code from an endpoint of another grant', async (kind) => {
  const { grantTypes = [] } = testClient(kind)
  const client = await server.addClient({ ...testClient(kind), redirectUris: [CALLBACK] })
  for (const [grant, type] of [
    ['authorization_code', 'code'],
    ['implicit', 'token'],
  ] as const) {
    const page = await openBrowser(server).open(authorizationUrl(server, client, { response_type: type }))
    const error = new URLSearchParams(page.url.hash.slice(1) || page.url.search).get('error')
    expect([type, error === 'unauthorized_client']).toEqual([type, !grantTypes.includes(grant)])
  }
  const headers = client.secret === undefined ? {} : { authorization: basic(client.id, client.secret) }
  const body = new URLSearchParams({ client_id: client.id })
  const device = await fetchJson(server, '/oauth/device/code', { method: 'POST', body, headers })
  expect(device.body['error']).toBe(grantTypes.includes(DEVICE_GRANT) ? undefined : 'unauthorized_client')
})
