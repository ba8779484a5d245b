import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import {
  callApi,
  fetchJson,
  requestToken,
  authorizationUrl,
  basic,
  getCode,
  getTokens,
  refresh,
  returnToOf,
} from '../support/oauth-client.ts'
import type { Parameters, Tokens, CodeFlow } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
afterAll(server.close)

/** What a client or user may still have after a revocation. */
interface Held {
  readonly tokens: Tokens
  readonly exchange: Parameters
  readonly consent: Page
}

async function collect(visit: CodeFlow): Promise<Held> {
  const tokens = await getTokens(server, visit.client, (await getCode(visit)).exchange)
  const { exchange } = await getCode(visit)
  const url = authorizationUrl(server, visit.client, { scope: 'profile', prompt: 'consent' })
  return { tokens, exchange, consent: await visit.browser.open(url) }
}

describe('a revoked client', () => {
  let visit: CodeFlow, held: Held, machineToken: string, returnTo: string
  const url = (parameters: Parameters = {}): string => authorizationUrl(server, visit.client, parameters)

  beforeAll(async () => {
    const scopes = ['orders:read', 'profile']
    const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials']
    const redirectUris = ['https://gone.example/callback']
    const gone = await server.addClient({ grantTypes, scopes, redirectUris, followsRevocations: true })
    visit = { server, browser: openBrowser(server), client: gone, user }
    held = await collect(visit)
    returnTo = await returnToOf(server, url())
    machineToken = (await getTokens(server, gone, { grant_type: 'client_credentials' })).access_token
    expect((await callApi(server, '/machine', machineToken)).status).toBe(200)
    await server.server.clients.revoke(gone.id)
  })

  test.each<[string, () => Parameters]>([
    ['a code', () => held.exchange],
    ['a refresh token', () => ({ grant_type: 'refresh_token', refresh_token: held.tokens.refresh_token })],
    ['client credentials', () => ({ grant_type: 'client_credentials' })],
  ])('gets no tokens with %s', async (_, parameters) => {
    const response = await requestToken(server, visit.client, parameters())
    expect([response.status, response.body['error']]).toEqual([401, 'invalid_client'])
  })

  test('cannot call an API for the user or for itself', async () => {
    expect((await callApi(server, '/me', held.tokens.access_token)).status).toBe(401)
    expect((await callApi(server, '/machine', machineToken)).status).toBe(401)
  })

  test('cannot read the revocation feed', async () => {
    const headers = { authorization: basic(visit.client.id, visit.client.secret ?? '') }
    expect((await fetchJson(server, '/oauth/revocations', { headers })).status).toBe(401)
  })

  test.each<[string, Parameters]>([
    ['a usual request', {}],
    ['prompt=none', { prompt: 'none' }],
    ['an invalid request', { response_type: 'token' }],
  ])('gets no redirect for %s', async (_, parameters) => {
    const page = await visit.browser.open(url(parameters))
    expect([page.status, page.url.origin]).toEqual([400, server.origin])
  })

  test('gets no code from a consent page that was open', async () => {
    for (const label of ['Allow', "Don't allow"]) {
      const page = await visit.browser.press(held.consent, label)
      expect([page.status, page.url.origin]).toEqual([400, server.origin])
    }
  })

  test('is not named on the sign-in page', async () => {
    const login = await openBrowser(server).open(`/login?return_to=${returnTo}`)
    expect(login.text).not.toContain('gone.example')
  })
})

describe('a disabled user', () => {
  let visit: CodeFlow, held: Held

  beforeAll(async () => {
    const leaver = await server.addUser()
    visit = { server, browser: openBrowser(server), client, user: leaver }
    held = await collect(visit)
    await server.store.users.update(leaver.id, { disabledAt: server.clock.now() })
  })

  test('cannot sign in', async () => {
    const guest = openBrowser(server)
    expect((await guest.signIn(await guest.open(server.endpoint('/login')), visit.user)).status).toBe(403)
  })

  test('is not signed in, even with the session cookie', async () => {
    expect((await visit.browser.open(server.endpoint('/login'))).text).not.toContain(visit.user.email)
    expect((await visit.browser.open(server.endpoint('/logout'))).text).toContain("You're signed out")
    const url = authorizationUrl(server, client, { scope: 'orders:read' })
    expect((await visit.browser.open(url)).url.pathname).toBe('/login')
    const silent = await visit.browser.open(authorizationUrl(server, client, { prompt: 'none' }))
    expect(silent.url.searchParams.get('error')).toBe('login_required')
  })

  test('cannot approve on a page that was open', async () => {
    expect((await visit.browser.press(held.consent, 'Allow')).url.pathname).toBe('/login')
  })

  test('gets no tokens for a code or a refresh token', async () => {
    expect((await requestToken(server, client, held.exchange)).body['error']).toBe('invalid_grant')
    expect((await refresh(visit, held.tokens.refresh_token)).body['error']).toBe('invalid_grant')
  })

  test('can call the API until the access token expires, or until signed out everywhere', async () => {
    expect((await callApi(server, '/me', held.tokens.access_token)).status).toBe(200)
    await server.server.users.signOutEverywhere(visit.user)
    expect((await callApi(server, '/me', held.tokens.access_token)).status).toBe(401)
  })
})

describe('a server that shares its database with another provider', () => {
  test('accepts neither the sessions nor the clients of the other', async () => {
    await using staff = await startServer({ file: server.file, provider: 'staff', path: '/staff' })
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const foreign = openBrowser(staff)
    await foreign.open(staff.endpoint('/login'))
    const [name = ''] = foreign.cookies.keys()
    const session = browser.cookies.get('consulate_session') ?? ''
    foreign.setCookie(name.replace('browser', 'session'), session)
    for (const path of ['/login', '/logout'])
      expect((await foreign.open(staff.endpoint(path))).text).not.toContain(user.email)
    const theirs = await staff.addClient({ skipsConsent: true })
    expect((await foreign.open(authorizationUrl(staff, theirs))).url.pathname).toBe('/staff/login')
    expect((await foreign.open(authorizationUrl(staff, client))).status).toBe(400)
    expect((await browser.open(authorizationUrl(server, theirs))).status).toBe(400)
  })
})
