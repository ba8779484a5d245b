import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { authorizationUrl } from '../support/oauth-client.ts'
import { formsIn } from '../support/html-form.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
afterAll(server.close)

const SESSION = 'consulate_session'

async function signedIn() {
  const browser = openBrowser(server)
  const page = await browser.signIn(await browser.open(server.endpoint('/login')), user)
  return { browser, page }
}

describe('the cookies', () => {
  test('are hidden from scripts and other sites', async () => {
    const { browser } = await signedIn()
    const attributes = browser.setCookies.map((text) => text.replace(/=[\w.-]+;/, '=…;'))
    expect(attributes).toEqual([
      'consulate_browser=…; Path=/; HttpOnly; SameSite=Lax',
      'consulate_session=…; Path=/; HttpOnly; SameSite=Lax',
      'consulate_device=…; Path=/; HttpOnly; SameSite=Lax; Max-Age=15552000',
    ])
  })

  test('have __Host- and Secure over https', async () => {
    const issuer = 'https://login.example'
    await using secure = await startServer({ issuer })
    const newUser = await secure.addUser()
    const login = await secure.server.fetch(new Request(`${issuer}/login`))
    const [anonymous = ''] = login.headers.getSetCookie()
    expect(anonymous).toMatch(/^__Host-consulate_browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    const cookie = anonymous.split(';', 1)[0] ?? ''
    const fields = formsIn(await login.text())[0]?.fields ?? {}
    const body = new URLSearchParams({ ...fields, username: newUser.email, password: newUser.password })
    const response = await secure.server.fetch(
      new Request(`${issuer}/login`, { method: 'POST', body, headers: { cookie, origin: issuer } }),
    )
    expect(response.status).toBe(303)
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-consulate_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/),
      expect.stringMatching(/^__Host-consulate_device=[\w.-]+; .*; Secure$/),
    ])
  })
})

describe('signing in', () => {
  test('sets a new cookie and invalidates the old one', async () => {
    const { browser } = await signedIn()
    const before = browser.cookies.get(SESSION) ?? ''
    await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), user)
    expect(browser.cookies.get(SESSION)).not.toBe(before)
    const thief = openBrowser(server)
    thief.setCookie(SESSION, before)
    expect((await thief.open(server.endpoint('/login'))).text).toContain('Sign in Email Password')
  })

  test('never accepts a cookie value that was chosen by someone else', async () => {
    const planted = 'A'.repeat(43)
    const victim = openBrowser(server)
    victim.setCookie(SESSION, planted)
    await victim.signIn(await victim.open(server.endpoint('/login')), user)
    expect(victim.cookies.get(SESSION)).not.toBe(planted)
    const attacker = openBrowser(server)
    attacker.setCookie(SESSION, planted)
    expect((await attacker.open(server.endpoint('/login'))).text).toContain('Sign in Email Password')
  })

  test('creates one session per device, with its name', async () => {
    const newUser = await server.addUser()
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), newUser)
    await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), newUser)
    expect(await server.server.sessions.list(newUser)).toEqual([
      expect.objectContaining({ deviceName: 'Firefox on Linux', address: '127.0.0.1' }),
    ])
  })

  test('does not say whether a user exists', async () => {
    const browser = openBrowser(server)
    const login = await browser.open(server.endpoint('/login'))
    const wrong = await browser.signIn(login, { ...user, password: 'not this one' })
    const unknown = await browser.signIn(login, { email: 'nobody@example.com', password: 'not this one' })
    expect([wrong.status, unknown.status]).toEqual([403, 403])
    expect(unknown.text).toBe(wrong.text)
  })

  test('rejects disabled users, whose sessions stop working too', async () => {
    const disabled = await server.addUser()
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), disabled)
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    const login = await browser.open(authorizationUrl(server, client))
    expect(login.url.pathname).toBe('/login')
    expect((await browser.signIn(login, disabled)).status).toBe(403)
  })

  test('keeps the entered user name, but never the password', async () => {
    const browser = openBrowser(server)
    const login = await browser.open(server.endpoint('/login'))
    const again = await browser.signIn(login, { email: '"><b>name', password: 'not this one' })
    expect(again.body).toContain('value="&quot;&gt;&lt;b&gt;name"')
    expect(again.body).not.toContain('not this one')
  })
})
