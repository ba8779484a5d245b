import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import type { ClientUpdate } from '../../src/index.ts'
import { openBrowser, type Browser } from '../support/browser.ts'
import {
  requestToken,
  authorizationUrl,
  authorize,
  getCode,
  getCodeFlowTokens,
} from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const server = await startServer()
afterAll(server.close)
const user = await server.addUser()

const NEW_HOME = 'https://new.example/callback'

let client: TestClient
let browser: Browser
beforeEach(async () => {
  client = await server.addClient({ name: 'Orchard', scopes: ['orders:read', 'orders:create'] })
  browser = openBrowser(server)
})

const update = (changes: ClientUpdate) => server.server.clients.update(client.id, changes)

/** Gets a refresh token of a user who has approved both scopes. */
const refreshTokenOf = async (): Promise<Readonly<Record<string, string>>> => {
  const { refresh_token } = await getCodeFlowTokens(
    { server, browser, client, user },
    { scope: 'orders:read orders:create' },
  )
  return { grant_type: 'refresh_token', refresh_token }
}

describe('changing the redirect URI', () => {
  test('is used from now on, and the old one is rejected', async () => {
    await update({ redirectUris: [NEW_HOME] })
    const before = await browser.open(authorizationUrl(server, client))
    expect([before.status, before.url.origin]).toEqual([400, server.origin])
    const page = await authorize(browser, authorizationUrl(server, client, { redirect_uri: NEW_HOME }), user)
    expect(page.url.href).toMatch(/^https:\/\/new\.example\/callback\?code=/)
  })

  test('applies to a consent page that was open before, whose answer is rejected', async () => {
    const page = await browser.signIn(await browser.open(authorizationUrl(server, client)), user)
    await update({ redirectUris: [NEW_HOME] })
    const response = await browser.press(page, 'Allow')
    expect([response.status, response.url.origin]).toEqual([400, server.origin])
  })

  test('of a public client changes its CORS origin', async () => {
    client = await server.addClient({ type: 'public' })
    await update({ redirectUris: [NEW_HOME] })
    const allowed = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' }
      const response = await fetch(server.endpoint('/oauth/token'), { method: 'OPTIONS', headers })
      return response.headers.get('access-control-allow-origin')
    }
    expect(await allowed('https://new.example')).toBe('https://new.example')
    expect(await allowed(new URL(CALLBACK).origin)).toBeNull()
  })
})

describe('removing scopes', () => {
  test('limit refreshes and new requests', async () => {
    const form = await refreshTokenOf()
    await update({ scopes: ['orders:read'] })
    expect(await requestToken(server, client, form)).toMatchObject({
      status: 200,
      body: { scope: 'orders:read' },
    })
    const url = authorizationUrl(server, client, { scope: 'orders:create' })
    expect((await browser.open(url)).url.searchParams.get('error')).toBe('invalid_scope')
  })

  test('apply to a pending code', async () => {
    const scope = 'orders:read orders:create'
    const { exchange } = await getCode({ server, browser, client, user }, { scope })
    await update({ scopes: ['orders:read'] })
    expect((await requestToken(server, client, exchange)).body).toMatchObject({ scope: 'orders:read' })
  })

  test('become all scopes again with null', async () => {
    await update({ scopes: [] })
    expect(await update({ scopes: null })).toMatchObject({ scopes: null })
    const page = await authorize(browser, authorizationUrl(server, client, { scope: 'profile' }), user)
    expect(page.url.searchParams.get('code')).toBeTruthy()
  })
})

test('a removed grant is rejected, and works again after it is added back', async () => {
  const form = await refreshTokenOf()
  await update({ grantTypes: ['authorization_code'] })
  expect(await requestToken(server, client, form)).toMatchObject({
    status: 400,
    body: { error: 'unauthorized_client' },
  })
  await update({ grantTypes: ['authorization_code', 'refresh_token'] })
  expect((await requestToken(server, client, form)).status).toBe(200)
})

test('a new name is shown on the consent page', async () => {
  await update({ name: 'Orchard & <b>Sons</b>' })
  const page = await browser.signIn(await browser.open(authorizationUrl(server, client)), user)
  expect(page.text).toContain('Orchard & <b>Sons</b>')
})

test('logo, links and publisher can be changed, and removed with null', async () => {
  const presentation = { logo: '/shop.png', homepage: 'https://shop.example', publisher: 'Shop Ltd' }
  expect(await update(presentation)).toMatchObject({ ...presentation, privacy: null })
  expect(await update({ logo: null, publisher: null, terms: 'https://shop.example/terms' })).toMatchObject({
    logo: null,
    homepage: 'https://shop.example',
    publisher: null,
    terms: 'https://shop.example/terms',
  })
})

test.each([
  [false, 200],
  [true, 400],
])('with endsWithSession %s a refresh after sign-out returns %d', async (endsWithSession, status) => {
  await update({ endsWithSession })
  const form = await refreshTokenOf()
  await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
  expect((await requestToken(server, client, form)).status).toBe(status)
})

test('PKCE can be required', async () => {
  await update({ requiresPkce: true })
  const { url } = await browser.open(authorizationUrl(server, client))
  expect(url.searchParams.get('error_description')).toBe('The parameter code_challenge is missing')
})

test("without a grace window a repeated refresh token is a replay; null restores the server's window", async () => {
  await update({ graceWindow: 0 })
  const form = await refreshTokenOf()
  await requestToken(server, client, form)
  expect((await requestToken(server, client, form)).status).toBe(400)
  expect(await update({ graceWindow: null })).toMatchObject({ graceWindow: null })
  const other = await refreshTokenOf()
  await requestToken(server, client, other)
  expect((await requestToken(server, client, other)).status).toBe(200)
})

test('omitted and undefined fields stay as they are', async () => {
  const before = await server.server.clients.find(client.id)
  // Plain JavaScript can pass undefined.
  const nothing = { name: undefined, scopes: undefined, graceWindow: undefined } as unknown as ClientUpdate
  expect(await update({})).toEqual(before)
  expect(await update(nothing)).toEqual(before)
})

test.each<[string, ClientUpdate, readonly string[]]>([
  ['an empty name', { name: ' ' }, ['name']],
  ['an invalid redirect URI', { redirectUris: ['https://a.example/#b', CALLBACK] }, ['redirectUris[0]']],
  ['no redirect URI for the code grant', { redirectUris: [] }, ['redirectUris']],
  ['an unknown grant', { grantTypes: ['personal_access'] }, ['grantTypes[0]']],
  ['an invalid scope', { scopes: ['a b'] }, ['scopes[0]']],
  ['an invalid grace window', { graceWindow: 'soon' as '1s' }, ['graceWindow']],
  ['a scope instead of a list', { scopes: 'orders:read' as unknown as [] }, ['scopes']],
  ['a logo of another origin', { logo: 'https://cdn.example/logo.png' }, ['logo']],
  ['a homepage without TLS', { homepage: 'http://app.example' }, ['homepage']],
  ['another owner', { ownerId: 'ada' } as ClientUpdate, ['ownerId', 'isThirdParty']],
  ['a first party', { isThirdParty: false } as ClientUpdate, ['isThirdParty']],
  ['several invalid values', { name: '', scopes: ['"'] }, ['name', 'scopes[0]']],
])('%s is rejected, and nothing changes', async (_what, changes, paths) => {
  const before = await server.server.clients.find(client.id)
  const error = await update({ requiresPkce: true, ...changes }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as ConfigError).problems.map(({ path }) => path)).toEqual(paths)
  expect(await server.server.clients.find(client.id)).toEqual(before)
})

test.each<[string, Parameters<typeof server.addClient>[0], ClientUpdate, string]>([
  ['a public client', { type: 'public' }, { grantTypes: ['client_credentials'] }, 'grantTypes'],
  ['a third-party app', { ownerId: 'ada' }, { skipsConsent: true }, 'skipsConsent'],
  ['a third-party app', { ownerId: 'ada' }, { grantTypes: ['password'] }, 'grantTypes'],
  ['a third-party app', { ownerId: 'ada' }, { grantTypes: ['client_credentials'] }, 'grantTypes'],
  ['a third-party app', { isThirdParty: true }, { skipsConsent: true }, 'skipsConsent'],
  ['a third-party app', { isThirdParty: true }, { followsRevocations: true }, 'followsRevocations'],
  ['a public client', { type: 'public' }, { followsRevocations: true }, 'followsRevocations'],
  ['a third-party app', { isThirdParty: true }, { introspects: true }, 'introspects'],
  ['a public client', { type: 'public' }, { introspects: true }, 'introspects'],
])('%s cannot be changed to what could not be registered', async (_who, registration, changes, path) => {
  client = await server.addClient(registration)
  await expect(update(changes)).rejects.toMatchObject({ problems: [{ path }] })
})

test('a secret can only be rotated for a confidential client that is not revoked', async () => {
  const { clients } = server.server
  const app = await server.addClient({ type: 'public' })
  await expect(clients.rotateSecret(app.id)).rejects.toMatchObject({ problems: [{ path: 'type' }] })
  const web = await server.addClient()
  await clients.revoke(web.id)
  await expect(clients.rotateSecret(web.id)).rejects.toMatchObject({ problems: [{ path: 'id' }] })
  expect((await server.store.clients.find(web.id))?.secrets).toHaveLength(1)
  expect(await clients.rotateSecret('unknown')).toBeUndefined()
})

test('the newest nine of the old secrets keep working', async () => {
  const stored = async () =>
    (await server.store.clients.find(client.id))?.secrets.map(({ hash }) => hash) ?? []
  const created = await stored()
  for (let count = 0; count < 10; count += 1) {
    await server.server.clients.rotateSecret(client.id)
    created.unshift((await stored())[0] ?? '')
  }
  expect(await stored()).toEqual(created.slice(0, 10))
})

test('returns undefined for an unknown client, and rejects a revoked one', async () => {
  expect(await server.server.clients.update('unknown', { name: 'New' })).toBeUndefined()
  await server.server.clients.revoke(client.id)
  await expect(update({ name: 'Back again' })).rejects.toMatchObject({ problems: [{ path: 'id' }] })
})
