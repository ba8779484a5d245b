import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { requestToken, authorizationUrl, codeIn, getTokens } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const url = authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' })
afterAll(server.close)

const exchange = (code: string) => ({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK })

/** A browser in which the user is signed in, with a consent page open. */
async function asked() {
  const browser = openBrowser(server)
  const page = await browser.signIn(await browser.open(url), user)
  return { browser, page }
}

describe('a form that is submitted twice', () => {
  test('returns the same code, in parallel or in sequence', async () => {
    const { browser, page } = await asked()
    const [first, second] = await Promise.all([browser.press(page, 'Allow'), browser.press(page, 'Allow')])
    const third = await browser.press(page, 'Allow')
    expect(second.url.href).toBe(first.url.href)
    expect(third.url.href).toBe(first.url.href)
    await getTokens(server, client, exchange(codeIn(first)))
  })

  test('shows an error page once its code was used, and revokes nothing', async () => {
    const { browser, page } = await asked()
    const code = codeIn(await browser.press(page, 'Allow'))
    const { refresh_token: refreshToken } = await getTokens(server, client, exchange(code))
    const late = await browser.press(page, 'Allow')
    expect(late.status).toBe(400)
    expect(late.text).toContain('This form was already submitted')
    const grant = { grant_type: 'refresh_token', refresh_token: refreshToken }
    expect((await requestToken(server, client, grant)).status).toBe(200)
  })
})

test('two open consent pages both work', async () => {
  const { browser, page } = await asked()
  const other = await browser.open(url)
  const codes = [codeIn(await browser.press(page, 'Allow')), codeIn(await browser.press(other, 'Allow'))]
  expect(new Set(codes).size).toBe(2)
  for (const code of codes) await getTokens(server, client, exchange(code))
})

describe('if another user signed in after the page was opened', () => {
  test('that user is asked for consent, for either button', async () => {
    const other = await server.addUser()
    for (const label of ['Allow', "Don't allow"]) {
      const { browser, page } = await asked()
      await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), other)
      const again = await browser.press(page, label)
      expect(again.url.pathname).toBe('/oauth/authorize')
      expect(again.text).toContain(`Signed in as ${other.email}`)
    }
  })

  test('the form has no effect in another browser', async () => {
    const [mine, theirs] = [await asked(), await asked()]
    const again = await theirs.browser.press(mine.page, 'Allow')
    expect(again.url.origin).toBe(server.origin)
    expect(again.text).toContain('Allow access?')
  })

  test('or none is signed in, the user must sign in first', async () => {
    const { browser, page } = await asked()
    await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
    const login = await browser.press(page, 'Allow')
    expect(login.url.pathname).toBe('/login')
    expect((await browser.signIn(login, user)).text).toContain('Allow access?')
  })
})

describe('after a revocation on another node', () => {
  /** Opens the consent page on a node that does not poll revocations during the test. */
  async function openOnOtherNode() {
    const client = await server.addClient()
    const { file, issuer } = server
    const other = await startServer({
      file,
      issuer,
      revocations: { pollInterval: '30s', maxStaleness: '60s' },
    })
    const user = await server.addUser()
    const browser = openBrowser({ ...other, formOrigin: server.origin })
    const login = await browser.open(authorizationUrl(other, client, { scope: 'profile' }))
    return { client, user, other, browser, page: await browser.signIn(login, user) }
  }

  test('a revoked client gets an error page and no code', async () => {
    const { client, other, browser, page } = await openOnOtherNode()
    await using _ = other
    await server.server.clients.revoke(client.id)
    const end = await browser.press(page, 'Allow')
    expect([end.status, end.url.origin]).toEqual([400, other.origin])
  })

  test.each<[string, (userId: string) => Promise<unknown>]>([
    ['a user', (userId) => server.server.users.signOutEverywhere(userId)],
    ['all users', () => server.store.revocations.revoke({ kind: 'issuer' }, server.clock.now())],
  ])('there is no code, and the user must sign in again: %s', async (_what, revoke) => {
    const { user, other, browser, page } = await openOnOtherNode()
    await using _ = other
    await revoke(user.id)
    const end = await browser.press(page, 'Allow')
    expect(end.forms.map(({ label }) => label)).toContain('Sign in')
  })
})

describe('a form', () => {
  test('that was altered is rejected', async () => {
    const { browser, page } = await asked()
    const consent = page.forms[0]?.fields['consent'] ?? ''
    const [body = '', mac = ''] = consent.split('.')
    const query = Buffer.from(body, 'base64url').toString().replace('scope=profile', 'scope=orders:create')
    const forged = `${Buffer.from(query).toString('base64url')}.${mac}`
    expect(forged).not.toBe(consent)
    for (const text of [forged, `${consent}x`, 'x.y', 'x'])
      expect((await browser.press(page, 'Allow', { consent: text })).status).toBe(400)
  })

  test('that was open for more than an hour is rejected', async () => {
    const { browser, page } = await asked()
    server.clock.advance('61m')
    const late = await browser.press(page, 'Allow')
    expect(late.status).toBe(400)
    expect(late.text).toContain('This form was open too long')
  })

  test('of a client that was revoked in the meantime redirects nowhere', async () => {
    const revoked = await server.addClient()
    const { browser } = await asked()
    const page = await browser.open(authorizationUrl(server, revoked, { scope: 'profile' }))
    await server.server.clients.revoke(revoked.id)
    const response = await browser.press(page, 'Allow')
    expect([response.status, response.url.origin]).toEqual([400, server.origin])
  })

  test('of a user who was signed out everywhere in the meantime leads to the sign-in page', async () => {
    const { browser, page } = await asked()
    await server.server.users.signOutEverywhere(user)
    expect((await browser.press(page, 'Allow')).url.pathname).toBe('/login')
  })
})
