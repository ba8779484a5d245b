import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { signIn, StoreUnavailableError, type UserProvider } from '../../src/index.ts'
import { formOf, linkTo, openBrowser, type Browser, type Page } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { callApi, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { createMailbox } from '../support/password-reset.ts'
import { createToken, openTokenApi } from '../support/personal-tokens.ts'
import { startServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'
import { createUserTable } from '../support/user-table.ts'

const mailbox = createMailbox()
const table = createUserTable()
const customers = { ...table, provider: { ...table.provider } as Mutable<UserProvider> }
const server = await startServer({
  grants: [...commonConfig().grants, signIn()],
  passwordReset: mailbox.passwordReset,
  providers: { customers: customers.provider },
})
mailbox.watch(server.knownSecrets)
type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] }

const ours = await server.addClient()
const theirs = await server.addClient({ ownerId: 'owner' })
afterAll(server.close)

const NEW = server.knownSecrets.add('password', 'battery staple correct')
let user: TestUser
let browser: Browser
beforeEach(async () => {
  // Requests are limited per address.
  server.clock.advance('1h')
  user = await server.addUser()
  browser = openBrowser(server)
})

const forgot = (body: Readonly<Record<string, unknown>>, path = '/auth/forgot-password') =>
  callSignInApi(server, path, { body })
const reset = (token: string, password: string = NEW) =>
  callSignInApi(server, '/auth/reset-password', { body: { token, password } })
const requestToken = async (): Promise<string> => {
  await forgot({ username: user.email })
  return (await mailbox.newest(user.email)).token
}
const canSignIn = async (password: string): Promise<boolean> =>
  (await postLogin(server, { ...user, password })).status === 200
const choose = (page: Page, password: string = NEW): Promise<Page> =>
  browser.press(page, 'Change password', { new_password: password })

describe('the pages for a forgotten password', () => {
  test('lead from the sign-in page to a message, and from its link to a new password', async () => {
    const form = await browser.open(linkTo(await browser.open(server.endpoint('/login')), 'Forgot password?'))
    expect(form.url.pathname).toBe('/forgot-password')
    const sent = await browser.press(form, 'Send link', { username: user.email })
    expect([sent.status, sent.text]).toEqual([200, expect.stringContaining("It's valid for 30 minutes.")])
    const link = await mailbox.newest(user.email)
    expect(link).toEqual({
      user: expect.objectContaining({ id: user.id, email: user.email }) as unknown,
      provider: 'users',
      token: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      url: `${server.issuer}/reset-password?token=${link.token}`,
      expiresAt: expect.any(Number) as unknown,
      language: 'en',
    })
    expect(link.expiresAt - server.clock.now()).toBeLessThanOrEqual(30 * 60_000)
    const page = await browser.open(link.url)
    expect(formOf(page, 'Change password').fields).toMatchObject({ username: user.email })
    const done = await choose(page)
    expect([done.status, done.url.search, done.text]).toEqual([
      200,
      expect.stringMatching(/^\?changed=[\w-]{43}$/),
      expect.stringContaining('Your password was changed'),
    ])
    const signInPage = await browser.open(linkTo(done, 'Sign in'))
    expect((await browser.signIn(signInPage, { ...user, password: NEW })).text).toContain("You're signed in")
    expect(await canSignIn(user.password)).toBe(false)
  })

  test('show the same for an unknown user, and send nothing', async () => {
    const before = mailbox.links.length
    const form = await browser.open(server.endpoint('/forgot-password'))
    const unknown = await browser.press(form, 'Send link', { username: 'nobody@example.com' })
    const known = await browser.press(form, 'Send link', { username: user.email })
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body])
    await mailbox.newest(user.email)
    expect(mailbox.links).toHaveLength(before + 1)
  })

  test('a link can be opened any number of times, and used once', async () => {
    await requestToken()
    const { url } = await mailbox.newest(user.email)
    const scanner = openBrowser(server)
    for (let count = 0; count < 3; count += 1) expect((await scanner.open(url)).status).toBe(200)
    const [first, second] = [await browser.open(url), await browser.open(url)]
    expect((await choose(first)).text).toContain('Your password was changed')
    for (const late of [await choose(second, 'another password'), await browser.open(url)]) {
      expect([late.status, late.text]).toEqual([410, expect.stringContaining('This link no longer works')])
      expect(linkTo(late, 'Request a new link').pathname).toBe('/forgot-password')
    }
    expect(await canSignIn(NEW)).toBe(true)
  })

  test('a rejected new password leaves the link usable', async () => {
    await requestToken()
    const { url } = await mailbox.newest(user.email)
    const rejections = [
      ['short', 'The password must have at least 8 characters.'],
      ['', 'Enter a new password.'],
    ] as const
    let page = await browser.open(url)
    for (const [password, sentence] of rejections) {
      page = await choose(page, password)
      expect([page.status, page.text]).toEqual([422, expect.stringContaining(sentence)])
    }
    expect((await choose(page)).text).toContain('Your password was changed')
  })

  test('a form without the cookie of its browser is shown again and spends nothing', async () => {
    await requestToken()
    const { url } = await mailbox.newest(user.email)
    const page = await openBrowser(server).open(url)
    const refused = await choose(page)
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('Your session timed out.')])
    expect((await choose(refused)).text).toContain('Your password was changed')
    const form = await openBrowser(server).open(server.endpoint('/forgot-password'))
    const again = await browser.press(form, 'Send link', { username: user.email })
    expect([again.status, formOf(again, 'Send link').fields['username']]).toEqual([403, user.email])
  })

  test('keep the token out of the Referer header, of caches and of the links of other pages', async () => {
    const { url } = await requestToken().then(() => mailbox.newest(user.email))
    for (const address of [url, `${server.issuer}/reset-password?token=unknown`]) {
      const { headers } = await browser.open(address)
      expect(headers.get('referrer-policy')).toBe('strict-origin')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })

  test("an app's own page for forgotten passwords comes first", async () => {
    await using own = await startServer({
      passwordReset: mailbox.passwordReset,
      pages: { links: { forgotPassword: '/forgotten' } },
    })
    const page = await openBrowser(own).open(own.endpoint('/login'))
    expect(linkTo(page, 'Forgot password?').pathname).toBe('/forgotten')
  })
})

describe('POST /auth/forgot-password and /auth/reset-password', () => {
  test('send a link and change the password', async () => {
    const { status, body, headers } = await forgot({ username: user.email.toUpperCase() })
    expect([status, body, headers.get('cache-control')]).toEqual([202, {}, 'no-store'])
    const { token } = await mailbox.newest(user.email)
    const changed = await reset(token)
    expect([changed.status, changed.body]).toEqual([200, { device_token: expect.any(String) as unknown }])
    expect([await canSignIn(user.password), await canSignIn(NEW)]).toEqual([false, true])
    const used = await reset(token, 'another password')
    expect([used.status, used.body]).toEqual([
      400,
      { error: 'invalid_token', error_description: 'The link was already used or has expired' },
    ])
  })

  test('end all sessions, first-party apps and personal access tokens of the user, and no one else', async () => {
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const tokens = await getCodeFlowTokens({ server, browser, user, client: ours })
    const third = await getCodeFlowTokens({ server, browser, user, client: theirs })
    const personal = await createToken(openTokenApi(server, { browser }))
    const phone = await logIn(server, user)
    const other = await logIn(server, await server.addUser())
    expect((await reset(await requestToken())).status).toBe(200)
    for (const token of [tokens.access_token, third.access_token, personal.accessToken, phone.access_token])
      expect((await callApi(server, '/me', token)).status).toBe(401)
    expect((await refresh({ server, client: ours }, tokens.refresh_token)).status).toBe(400)
    expect((await refresh({ server, client: theirs }, third.refresh_token)).status).toBe(200)
    expect((await postRefresh(server, phone.refresh_token)).status).toBe(401)
    expect((await browser.open(server.endpoint('/account/password'))).url.pathname).toBe('/login')
    expect((await callApi(server, '/me', other.access_token)).status).toBe(200)
  })

  test('refuse a link after 30 minutes', async () => {
    const token = await requestToken()
    server.clock.advance('30m')
    expect((await reset(token)).status).toBe(400)
    expect(await canSignIn(user.password)).toBe(true)
  })

  test('keep a link usable if the new password is rejected', async () => {
    const token = await requestToken()
    const { status, body } = await reset(token, 'short')
    expect([status, body['error_description']]).toEqual([400, 'The password must have at least 8 characters'])
    expect((await reset(token)).status).toBe(200)
  })

  test.each<[string, () => Promise<unknown>]>([
    ['the user changed the password', changeOwn],
    ['the user changed it and kept other devices', () => changeOwn({ keep_other_devices: true })],
    ['the app changed it', () => server.server.users.setPassword(user, user.password)],
    ['the user was signed out everywhere', () => server.server.users.signOutEverywhere(user)],
    ['another link was used', async () => reset((await mailbox.newest(user.email, 2)).token)],
    ['the user was disabled', () => server.store.users.update(user.id, { disabledAt: 1 })],
  ])('void a link after %s', async (_, act) => {
    await forgot({ username: user.email })
    const { token } = await mailbox.newest(user.email)
    await forgot({ username: user.email })
    await mailbox.newest(user.email, 2)
    await act()
    expect((await reset(token, 'yet another password')).status).toBe(400)
  })

  test('serve each provider, and the token names it', async () => {
    const customer = { ...user, password: server.knownSecrets.add('password', 'a customer of ours') }
    customers.users.set(customer.id, customer)
    await forgot({ username: user.email }, '/auth/forgot-password/customers')
    const { provider, url, token } = await mailbox.newest(user.email)
    expect([provider, url]).toEqual(['customers', `${server.issuer}/reset-password/customers?token=${token}`])
    const wrongPage = await browser.open(url.replace('/customers', ''))
    expect(wrongPage.status).toBe(410)
    expect((await browser.open(url)).status).toBe(200)
    expect((await reset(token)).status).toBe(200)
    expect(customers.users.get(customer.id)?.password).toBe(NEW)
    expect(await canSignIn(user.password)).toBe(true)
  })

  test('keep a link usable if the user provider or the database fails, and then end all sessions', async () => {
    const customer = { ...user, password: server.knownSecrets.add('password', 'a customer of ours') }
    customers.users.set(customer.id, customer)
    await forgot({ username: user.email }, '/auth/forgot-password/customers')
    const { token } = await mailbox.newest(user.email)
    const { setPassword = () => Promise.reject(new Error()) } = customers.provider
    customers.provider.setPassword = () => Promise.reject(new Error('the directory is down'))
    expect((await reset(token)).status).toBe(500)
    customers.provider.setPassword = setPassword
    const { revoke } = server.store.revocations
    const revocations = server.store.revocations as { revoke: typeof revoke }
    revocations.revoke = () => Promise.reject(new StoreUnavailableError('the disk is full', undefined))
    const unavailable = await reset(token)
    expect([unavailable.status, unavailable.headers.get('retry-after')]).toEqual([503, '1'])
    revocations.revoke = revoke
    expect((await reset(token)).status).toBe(200)
    expect((await reset(token)).status).toBe(400)
  })

  test.each<[string, string, Readonly<Record<string, unknown>>]>([
    ['a request without a user name', '/auth/forgot-password', {}],
    ['a reset without a token', '/auth/reset-password', { password: NEW }],
    ['a reset without a password', '/auth/reset-password', { token: 'x' }],
  ])('refuse %s', async (_, path, body) => {
    const response = await callSignInApi(server, path, { body })
    expect([response.status, response.body['error']]).toEqual([400, 'invalid_request'])
  })

  test('announce requests and resets without the token', async () => {
    const seen = server.events.length
    await reset(await requestToken())
    const events = server.events.slice(seen).filter(({ name }) => name.startsWith('password'))
    expect(events).toEqual([
      {
        name: 'password-reset.requested',
        payload: { requestId: expect.any(String) as unknown, sub: user.id },
      },
      {
        name: 'password.changed',
        payload: { requestId: expect.any(String) as unknown, sub: user.id, by: 'reset' },
      },
    ])
  })

  async function changeOwn(options: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { access_token: token } = await logIn(server, user)
    const body = { password: NEW, ...options }
    expect((await callSignInApi(server, '/auth/password', { token, body })).status).toBe(200)
  }
})
