import { afterAll, describe, expect, test } from 'vitest'
import { implicitGrant, permit, type Grant } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig, SCOPES } from '../support/config.ts'
import { CUSTOM_GRANT_TYPE, customGrant } from '../support/custom-grant.ts'
import {
  addDeviceClient,
  decideDevice,
  getDeviceTokens,
  requestDeviceCode,
  startDevice,
} from '../support/device.ts'
import {
  authorizationUrl,
  formBody,
  getCode,
  getCodeFlowTokens,
  getTokens,
  refresh,
  requestToken,
} from '../support/oauth-client.ts'
import { CALLBACK, startServer, type TestClient } from '../support/server.ts'

/*
 * A third-party app wants a scope that only first-party apps can have.
 */

const ADMIN = { description: 'Administer the shop', firstPartyOnly: true } as const
const CARELESS = 'https://example.com/grants/careless'

/** Its author permits what the form says. */
const careless: Grant = {
  type: CARELESS,
  async decide({ client, form }, { userDirectory }) {
    const user = await userDirectory.load({ provider: client.provider, userId: userId() }, client.id)
    if (!user) throw new Error('The user is missing')
    return permit({ client, user, scopes: (form.get('scope') ?? '').split(' ') })
  },
}

const common = {
  grants: [...commonConfig().grants, implicitGrant(), customGrant(() => userId()), careless],
  defaultScopes: ['profile', 'admin'] as unknown as readonly 'profile'[],
  resources: [{ uri: 'https://mcp.example', scopes: ['profile', 'admin'] as unknown as ['profile'] }],
  scopeInheritance: true,
}
const open = { ...SCOPES, admin: 'Administer the shop' }
const closed = { ...SCOPES, admin: ADMIN, 'admin:users': { ...ADMIN, description: 'Manage users' } }
const server = await startServer({ ...common, scopes: closed })
const user = await server.addUser()
const userId = (): string => user.id
const browser = openBrowser(server)
afterAll(server.close)

const grantTypes = ['authorization_code', 'refresh_token', 'implicit', CUSTOM_GRANT_TYPE, CARELESS]
const addApp = (scopes?: readonly string[]): Promise<TestClient> =>
  server.addClient({ grantTypes, redirectUris: [CALLBACK], isThirdParty: true, ...(scopes && { scopes }) })

const apps: Readonly<Record<string, TestClient>> = {
  'without a list of scopes': await addApp(),
  'that lists the scope': await addApp(['profile', 'admin', 'admin:users']),
  'that lists *': await addApp(['*']),
  'that a user registered': await server.addClient({
    grantTypes,
    redirectUris: [CALLBACK],
    ownerId: 'eve',
    scopes: ['*', 'admin'],
  }),
}
const WANTED = ['admin', 'admin:users', 'profile admin', '*', 'admin:other', 'profile *']

describe.each(Object.entries(apps))('a third-party app %s', (_, client) => {
  test.each(WANTED)('cannot request %j from a user, with a code or a token', async (scope) => {
    for (const responseType of ['code', 'token']) {
      const parameters = { scope, response_type: responseType }
      const { url } = await browser.open(authorizationUrl(server, client, parameters))
      const response = responseType === 'code' ? url.searchParams : new URLSearchParams(url.hash.slice(1))
      expect(response.get('error')).toBe('invalid_scope')
    }
  })

  test.each(WANTED)('cannot get %j with a grant of your own, even a careless one', async (scope) => {
    for (const grantType of [CUSTOM_GRANT_TYPE, CARELESS]) {
      const { body } = await requestToken(server, client, { grant_type: grantType, scope })
      expect(body['error']).toBe('invalid_scope')
    }
  })

  test('does not get it by default, and no more of it at a refresh', async () => {
    const tokens = await getCodeFlowTokens({ server, browser, client, user }, { scope: undefined })
    expect(tokens.scope).toBe('profile')
    for (const scope of WANTED) {
      const { body } = await refresh({ server, client }, tokens.refresh_token, { scope })
      expect(body['error']).toBe('invalid_scope')
    }
  })

  test('gets the other default scopes with a grant of your own', async () => {
    expect((await getTokens(server, client, { grant_type: CUSTOM_GRANT_TYPE })).scope).toBe('profile')
  })
})

test('a third-party app cannot request it in a body', async () => {
  const [client] = Object.values(apps)
  const url = new URL(authorizationUrl(server, client as TestClient, { scope: 'admin' }))
  const body = formBody(Object.fromEntries(url.searchParams))
  const { url: end } = await browser.open(server.endpoint('/oauth/authorize'), { method: 'POST', body })
  expect(end.searchParams.get('error')).toBe('invalid_scope')
})

test('a third-party device cannot request it, and does not get it by default', async () => {
  const device = await addDeviceClient(server, { isThirdParty: true, scopes: ['*', 'admin', 'profile'] })
  for (const scope of WANTED)
    expect((await requestDeviceCode(server, device, { scope })).body['error']).toBe('invalid_scope')
  const started = await startDevice(server, device, {})
  await decideDevice(openBrowser(server), started, user)
  expect((await getDeviceTokens(server, started)).scope).toBe('profile')
})

test('a first-party app can have it, and its scopes below it', async () => {
  const ours = await server.addClient({ scopes: ['admin'] })
  const visit = { server, browser: openBrowser(server), client: ours, user }
  expect((await getCodeFlowTokens(visit, { scope: 'admin' })).scope).toBe('admin')
  expect((await getCodeFlowTokens(visit, { scope: 'admin:users' })).scope).toBe('admin:users')
  expect((await getCodeFlowTokens(visit, { scope: undefined })).scope).toBe('admin')
})

test('metadata lists only scopes that every client can have', async () => {
  const response = await fetch(server.endpoint('/.well-known/oauth-authorization-server'))
  const { scopes_supported: listed } = (await response.json()) as Record<string, unknown>
  expect(listed).toEqual(Object.keys(SCOPES))
  expect(server.server.resourceMetadata(server.issuer).scopes_supported).toEqual(Object.keys(SCOPES))
  expect(server.server.resourceMetadata('https://mcp.example').scopes_supported).toEqual(['profile'])
  expect(server.server.scopes).toContain('admin')
})

describe('if a scope becomes first-party only, a third-party app that has it', () => {
  test('loses it at the next refresh, with a code it holds, and its consent does not help', async () => {
    await using earlier = await startServer({ ...common, scopes: open })
    const [owner, client] = [await earlier.addUser(), await earlier.addClient({ isThirdParty: true })]
    const device = await addDeviceClient(earlier, { isThirdParty: true })
    const visit = { server: earlier, browser: openBrowser(earlier), client, user: owner }
    const wanted = { scope: 'profile admin' }
    const { refresh_token: token } = await getCodeFlowTokens(visit, wanted)
    const { exchange } = await getCode(visit, wanted)
    const started = await startDevice(earlier, device, wanted)
    await decideDevice(visit.browser, started, owner)

    const { file, issuer } = earlier
    await using later = await startServer({ ...common, scopes: closed, file, issuer })
    const at = { server: later, client }
    const refreshed = await refresh(at, token)
    expect(refreshed.body['scope']).toBe('profile')
    expect((await refresh(at, String(refreshed.body['refresh_token']), wanted)).body['scope']).toBe('profile')
    expect((await getTokens(later, client, exchange)).scope).toBe('profile')
    expect((await getDeviceTokens(later, started)).scope).toBe('profile')
    const asked = await visit.browser.open(authorizationUrl(later, client, wanted))
    expect(asked.url.searchParams.get('error')).toBe('invalid_scope')
  })
})
