import { afterAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  codeIn,
  formBody,
  getCode,
  getTokens,
  createPkce,
} from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
afterAll(server.close)

const isAsked = (labels: readonly { readonly label: string }[]): boolean =>
  labels.some(({ label }) => label === 'Allow')

const pkce = { code_challenge: createPkce().challenge, code_challenge_method: 'S256' }

/** Opens a browser in which the user is signed in. */
async function signedIn() {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  return browser
}

describe('the consent page', () => {
  test('shows the client, its origin, the scopes and the user', async () => {
    const client = await server.addClient({ name: 'Orchard <b>Orders</b>' })
    const url = authorizationUrl(server, client, { scope: 'orders:read profile' })
    const { status, text, body } = await (await signedIn()).open(url)
    expect(status).toBe(200)
    for (const words of ['Orchard <b>Orders</b>', 'app.example', 'See your orders', user.email])
      expect(text).toContain(words)
    expect(body).toContain('See your name &amp; picture')
    expect(text).not.toContain('Place orders')
  })

  test('is not cached, cannot be framed and runs no scripts', async () => {
    const client = await server.addClient()
    const { headers } = await (await signedIn()).open(authorizationUrl(server, client, { scope: 'profile' }))
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  test('redirects to the client with access_denied, state and issuer if the user denies', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const page = await browser.open(authorizationUrl(server, client, { scope: 'profile', state: 's p' }))
    const { url } = await browser.press(page, "Don't allow")
    expect(Object.fromEntries(url.searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'The user denied the request',
      state: 's p',
      iss: server.issuer,
    })
    expect(isAsked((await browser.open(authorizationUrl(server, client, { scope: 'profile' }))).forms)).toBe(
      true,
    )
  })

  test('accepts a denial by DELETE too', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const page = await browser.open(authorizationUrl(server, client, { scope: 'profile' }))
    const { fields } = formOf(page, 'Allow')
    const response = await browser.open(server.endpoint('/oauth/authorize'), {
      method: 'DELETE',
      body: formBody(fields),
    })
    expect(response.url.searchParams.get('error')).toBe('access_denied')
  })
})

describe('a remembered consent', () => {
  test('covers the same scopes and fewer, but not more', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    await authorize(browser, authorizationUrl(server, client, { scope: 'orders:read profile' }))
    const same = await browser.open(authorizationUrl(server, client, { scope: 'profile orders:read' }))
    const fewer = await browser.open(authorizationUrl(server, client, { scope: 'profile' }))
    const more = await browser.open(authorizationUrl(server, client, { scope: 'profile orders:create' }))
    expect([codeIn(same), codeIn(fewer)]).toHaveLength(2)
    expect(isAsked(more.forms)).toBe(true)
  })

  test('grows with each request', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    for (const scope of ['orders:read', 'profile'])
      await authorize(browser, authorizationUrl(server, client, { scope }))
    const both = await browser.open(authorizationUrl(server, client, { scope: 'orders:read profile' }))
    expect(codeIn(both)).toBeTruthy()
  })

  test('covers a request without scopes', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const first = await browser.open(authorizationUrl(server, client))
    expect(first.text).toContain('wants to know who you are')
    await browser.press(first, 'Allow')
    expect(codeIn(await browser.open(authorizationUrl(server, client)))).toBeTruthy()
  })

  test('belongs to one user and one client', async () => {
    const [client, other] = [await server.addClient(), await server.addClient()]
    const stranger = await server.addUser()
    const browser = await signedIn()
    await authorize(browser, authorizationUrl(server, client, { scope: 'profile' }))
    expect(isAsked((await browser.open(authorizationUrl(server, other, { scope: 'profile' }))).forms)).toBe(
      true,
    )
    const theirs = openBrowser(server)
    const login = await theirs.open(authorizationUrl(server, client, { scope: 'profile' }))
    expect(isAsked((await theirs.signIn(login, stranger)).forms)).toBe(true)
  })

  test('is deleted when the user disconnects the app, which revokes its tokens', async () => {
    const client = await server.addClient()
    const visit = { server, browser: await signedIn(), client, user }
    const { exchange } = await getCode(visit)
    await getTokens(server, client, exchange)
    await server.server.authorizations.disconnect(user, client.id)
    const those = await server.server.authorizations.list(user)
    expect(those.filter(({ clientId }) => clientId === client.id)).toEqual([])
    const again = await visit.browser.open(authorizationUrl(server, client, { scope: 'orders:read' }))
    expect(isAsked(again.forms)).toBe(true)
  })

  test('is ignored for a public client on loopback, which any program can impersonate', async () => {
    const client = await server.addClient({
      type: 'public',
      redirectUris: ['http://127.0.0.1/callback'],
      skipsConsent: true,
    })
    const browser = await signedIn()
    const url = authorizationUrl(server, client, { scope: 'profile', ...pkce })
    await authorize(browser, url)
    expect(isAsked((await browser.open(url)).forms)).toBe(true)
  })

  test('applies to a public client with an https redirect URI', async () => {
    const client = await server.addClient({ type: 'public' })
    const browser = await signedIn()
    const url = authorizationUrl(server, client, { scope: 'profile', ...pkce })
    await authorize(browser, url)
    expect(codeIn(await browser.open(url))).toBeTruthy()
  })
})

describe('a client that skips consent', () => {
  test('gets a code immediately if the user is signed in', async () => {
    const client = await server.addClient({ skipsConsent: true })
    const page = await (await signedIn()).open(authorizationUrl(server, client, { scope: 'profile' }))
    expect(page.url.origin + page.url.pathname).toBe(CALLBACK)
    expect(codeIn(page)).toBeTruthy()
  })

  test('still needs consent with prompt=consent', async () => {
    const client = await server.addClient({ skipsConsent: true })
    const url = authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' })
    expect(isAsked((await (await signedIn()).open(url)).forms)).toBe(true)
  })
})
