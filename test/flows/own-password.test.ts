import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { type Browser, formOf, linkTo, openBrowser, type Page } from '../support/browser.ts'
import { commonConfig, configProblems } from '../support/config.ts'
import { callApi, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { createToken, openTokenApi } from '../support/personal-tokens.ts'
import { startServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'

const server = await startServer({ grants: [...commonConfig().grants, signIn()] })
const ours = await server.addClient()
const theirs = await server.addClient({ ownerId: 'owner' })
afterAll(server.close)

const NEW = server.knownSecrets.add('password', 'battery staple correct')
let user: TestUser
let browser: Browser
beforeEach(async () => {
  user = await server.addUser()
  browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
})

const openForm = (from = browser): Promise<Page> => from.open(server.endpoint('/account/password'))
const change = async (fields: Readonly<Record<string, string>> = {}): Promise<Page> =>
  browser.press(await openForm(), 'Change password', { new_password: NEW, ...fields })
const isSignedIn = async (from: Browser): Promise<boolean> =>
  (await from.open(server.endpoint('/login'))).text.includes("You're signed in")
const canSignIn = async (password: string): Promise<boolean> =>
  (await postLogin(server, { ...user, password })).status === 200
const meWith = async (token: string): Promise<number> => (await callApi(server, '/me', token)).status
const changes = (): readonly unknown[] =>
  server.events
    .filter(({ name, payload }) => name === 'password.changed' && payload['sub'] === user.id)
    .map(({ payload }) => payload['by'])

describe('changing the password on the page', () => {
  test('keeps this browser signed in with a new cookie and signs out all other devices', async () => {
    const other = openBrowser(server)
    await other.signIn(await other.open(server.endpoint('/login')), user)
    const phone = await logIn(server, user)
    const thief = openBrowser(server)
    for (const [name, value] of browser.cookies) thief.setCookie(name, value)
    const page = await change()
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Your password was changed.')])
    expect(await isSignedIn(browser)).toBe(true)
    expect([await isSignedIn(other), await isSignedIn(thief)]).toEqual([false, false])
    expect(await meWith(phone.access_token)).toBe(401)
    expect((await postRefresh(server, phone.refresh_token)).body['error_description']).toBe('Token revoked')
    expect([await canSignIn(user.password), await canSignIn(NEW)]).toEqual([false, true])
    expect(changes()).toEqual(['user'])
  })

  test('keeps apps of this session and third parties connected, and revokes the rest', async () => {
    const elsewhere = openBrowser(server)
    const here = await getCodeFlowTokens({ server, browser, user, client: ours })
    const there = await getCodeFlowTokens({ server, browser: elsewhere, user, client: ours })
    const third = await getCodeFlowTokens({ server, browser: elsewhere, user, client: theirs })
    const token = await createToken(openTokenApi(server, { browser }))
    await change()
    for (const { access_token: access } of [here, there, third]) expect(await meWith(access)).toBe(401)
    const refreshed = await refresh({ server, client: ours }, here.refresh_token)
    expect([refreshed.status, await meWith(String(refreshed.body['access_token']))]).toEqual([200, 200])
    expect((await refresh({ server, client: ours }, there.refresh_token)).status).toBe(400)
    expect((await refresh({ server, client: theirs }, third.refresh_token)).status).toBe(200)
    expect(await meWith(token.accessToken)).toBe(401)
  })

  test('revokes nothing if other devices are kept, but replaces the cookie', async () => {
    const phone = await logIn(server, user)
    const token = await createToken(openTokenApi(server, { browser }))
    const thief = openBrowser(server)
    for (const [name, value] of browser.cookies) thief.setCookie(name, value)
    await change({ keep_other_devices: 'yes' })
    expect([await meWith(phone.access_token), await meWith(token.accessToken)]).toEqual([200, 200])
    expect([await isSignedIn(browser), await isSignedIn(thief)]).toEqual([true, false])
    expect([await canSignIn(user.password), await canSignIn(NEW)]).toEqual([false, true])
  })

  test('needs the current password once the sign-in is old', async () => {
    expect(formOf(await openForm(), 'Change password').fields).not.toHaveProperty('current_password')
    server.clock.advance('15m')
    const attempts = [
      [{}, 'Enter your current password to continue.'],
      [{ current_password: 'wrong' }, 'The current password is incorrect. Try again.'],
    ] as const
    for (const [fields, sentence] of attempts) {
      const page = await change({ ...fields, keep_other_devices: 'yes' })
      expect([page.status, page.text]).toEqual([422, expect.stringContaining(sentence)])
      expect(formOf(page, 'Change password').fields).toMatchObject({
        current_password: '',
        new_password: '',
        keep_other_devices: 'yes',
      })
    }
    expect(await canSignIn(user.password)).toBe(true)
    expect((await change({ current_password: user.password })).text).toContain('Your password was changed.')
  })

  test.each([
    ['short', 'The password must have at least 8 characters.'],
    ['', 'Enter a new password.'],
    ['x'.repeat(1025), 'The password must have at most 1024 bytes.'],
  ])('rejects a new password with the reason: %.8s', async (password, sentence) => {
    const page = await change({ new_password: password })
    expect([page.status, page.text]).toEqual([422, expect.stringContaining(sentence)])
    expect([await isSignedIn(browser), await canSignIn(user.password)]).toEqual([true, true])
    expect(changes()).toEqual([])
  })

  test('says that it was changed only to the session that changed it', async () => {
    for (const changed of ['yes', '1', String(Date.now())]) {
      const page = await browser.open(server.endpoint(`/account/password?changed=${changed}`))
      expect(page.text).not.toContain('Your password was changed.')
    }
  })

  test('sends guests through sign-in, and is in the navigation', async () => {
    const guest = openBrowser(server)
    const page = await guest.signIn(await openForm(guest), user)
    expect(page.url.pathname).toBe('/account/password')
    const tokens = await guest.open(server.endpoint('/account/tokens'))
    expect(linkTo(tokens, 'Password').pathname).toBe('/account/password')
  })
})

describe('POST /auth/password', () => {
  const post = (token: string, body: Readonly<Record<string, unknown>> = {}) =>
    callSignInApi(server, '/auth/password', { token, body: { password: NEW, ...body } })

  test('returns new tokens for this device and signs out all others', async () => {
    const [phone, tablet] = [
      await logIn(server, user, { scope: 'orders:read', device_name: 'Phone' }),
      await logIn(server, user),
    ]
    const { status, body, headers } = await post(phone.access_token)
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toEqual({
      access_token: expect.any(String) as unknown,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.any(String) as unknown,
      refresh_token_expires_in: 43_200,
      scope: 'orders:read',
      session_id: phone.session_id,
    })
    expect(await meWith(String(body['access_token']))).toBe(200)
    expect((await postRefresh(server, String(body['refresh_token']))).status).toBe(200)
    for (const { access_token: access, refresh_token: token } of [phone, tablet]) {
      expect(await meWith(access)).toBe(401)
      expect((await postRefresh(server, token)).body['error_description']).toBe('Token revoked')
    }
    expect(await isSignedIn(browser)).toBe(false)
    const sessions = await server.server.sessions.list(user.id)
    expect(sessions.map(({ deviceName }) => deviceName)).toEqual(['Phone'])
    expect([await canSignIn(user.password), await canSignIn(NEW)]).toEqual([false, true])
    expect(changes()).toEqual(['user'])
  })

  test('keeps other devices on request, and replaces the tokens of this one', async () => {
    const [phone, tablet] = [await logIn(server, user), await logIn(server, user)]
    const { body } = await post(phone.access_token, { keep_other_devices: true })
    expect([await meWith(tablet.access_token), await isSignedIn(browser)]).toEqual([200, true])
    expect(await meWith(String(body['access_token']))).toBe(200)
    expect(await meWith(phone.access_token)).toBe(401)
    expect((await postRefresh(server, phone.refresh_token)).status).toBe(401)
  })

  test('needs the current password once the sign-in is old, and says so (RFC 9470)', async () => {
    const phone = await logIn(server, user)
    server.clock.advance('15m')
    const { body: fresh } = await postRefresh(server, phone.refresh_token)
    const token = String(fresh['access_token'])
    const refused = await post(token)
    expect([refused.status, refused.body['error']]).toEqual([401, 'insufficient_user_authentication'])
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="${server.issuer}", error="insufficient_user_authentication", error_description="The sign-in is too old. Send the password as current_password", max_age="900"`,
    )
    const wrong = await post(token, { current_password: 'wrong' })
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_credentials'])
    expect((await post(token, { current_password: user.password })).status).toBe(200)
  })

  test('refuses an incorrect current password even if the sign-in is recent', async () => {
    const phone = await logIn(server, user)
    const wrong = await post(phone.access_token, { current_password: 'wrong' })
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_credentials'])
    expect([await meWith(phone.access_token), await canSignIn(user.password)]).toEqual([200, true])
    expect((await post(phone.access_token, { current_password: user.password })).status).toBe(200)
  })

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['a short password', { password: 'short' }, 'The password must have at least 8 characters'],
    ['no password', { password: '' }, 'The parameter password is missing'],
    [
      'a choice that is neither',
      { keep_other_devices: 'maybe' },
      'The parameter keep_other_devices must be true or false',
    ],
  ])('refuses %s and changes nothing', async (_, fields, description) => {
    const phone = await logIn(server, user)
    const { status, body } = await post(phone.access_token, fields)
    expect([status, body]).toEqual([400, { error: 'invalid_request', error_description: description }])
    expect([await meWith(phone.access_token), await canSignIn(user.password)]).toEqual([200, true])
  })

  test('refuses tokens that the sign-in API did not issue', async () => {
    const { access_token: access } = await getCodeFlowTokens({ server, browser, user, client: ours })
    const { accessToken } = await createToken(openTokenApi(server, { browser }))
    for (const token of [access, accessToken, 'none']) {
      const { status, body } = await post(token)
      expect([status, body['error']]).toEqual([401, 'invalid_token'])
    }
    expect(await canSignIn(user.password)).toBe(true)
  })
})

describe('a provider that cannot change passwords', () => {
  test('has neither the page nor the endpoint', async () => {
    const { find, findByUsername, verifyPassword } = {
      find: async () => undefined,
      findByUsername: async () => undefined,
      verifyPassword: async () => false,
    }
    const users = { find, findByUsername, verifyPassword }
    await using fixed = await startServer({
      users: users as never,
      grants: [signIn(), ...commonConfig().grants],
    })
    const paths = fixed.server.routes.map(({ path }) => path)
    expect(paths).toContain('/account/tokens')
    expect(paths).not.toContain('/account/password')
    expect(paths).not.toContain('/auth/password')
    expect(configProblems({ users, accountPages: ['password'] })).toEqual([
      'accountPages[0]: needs the option setPassword of a user provider',
    ])
  })
})

test('a change by the app is announced too', async () => {
  await server.server.users.setPassword(user, NEW)
  expect(changes()).toEqual(['app'])
})
