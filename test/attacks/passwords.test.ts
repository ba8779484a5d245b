import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { sha256 } from '../../src/lib/hash.ts'
import { formOf, openBrowser, type Browser, type Page } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { createMailbox } from '../support/password-reset.ts'
import { startServer, type TestServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postLogin } from '../support/sign-in-api.ts'
import { recordStatements } from '../support/statements.ts'

const mailbox = createMailbox()
const server = await startServer({
  grants: [...commonConfig().grants, signIn()],
  passwordReset: mailbox.passwordReset,
  trustedProxies: ['127.0.0.1'],
})
mailbox.watch(server.knownSecrets)
afterAll(server.close)

const NEW = server.knownSecrets.add('password', 'battery staple correct')
let user: TestUser
beforeEach(async () => {
  user = await server.addUser()
})
afterEach(() => mailbox.behave('send'))

let lastAddress = 0
/** An address that has not been used yet. */
const newAddress = (): string => {
  lastAddress += 1
  return `198.51.100.${lastAddress}`
}

const forgot = (username: string, from = newAddress(), body: object = {}, on: TestServer = server) =>
  callSignInApi(on, '/auth/forgot-password', {
    body: { username, ...body },
    headers: { 'x-forwarded-for': from },
  })
const reset = (token: string, from = newAddress(), password = NEW) =>
  callSignInApi(server, '/auth/reset-password', {
    body: { token, password },
    headers: { 'x-forwarded-for': from },
  })
/** Waits until whatever was sent in the background has been sent. */
const settled = async (): Promise<void> => {
  const witness = await server.addUser()
  mailbox.behave('send')
  await forgot(witness.email)
  await mailbox.newest(witness.email)
}
const logOf = (text: string): readonly string[] => server.logs.filter((line) => line.includes(text))

describe('the link in the message', () => {
  test.each([
    ['Host', { host: 'evil.example' }],
    ['X-Forwarded-Host', { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }],
    ['Forwarded', { forwarded: 'host=evil.example;proto=http' }],
  ])('leads to the issuer, whatever %s a request has', async (_, headers) => {
    const { port } = new URL(server.issuer)
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          port,
          host: '127.0.0.1',
          path: '/auth/forgot-password',
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': newAddress(), ...headers },
        },
        (response) => resolve(response.resume().statusCode),
      )
      sent.on('error', reject).end(JSON.stringify({ username: user.email }))
    })
    expect(status).toBe(202)
    const { url, token } = await mailbox.newest(user.email)
    expect(url).toBe(`${server.issuer}/reset-password?token=${token}`)
  })

  test('cannot be computed from a copy of the database', async () => {
    await forgot(user.email)
    const { token } = await mailbox.newest(user.email)
    const stored = await server.store.passwordResets.find(sha256(token))
    expect(stored?.userId).toBe(user.id)
    expect((await reset(stored?.hash ?? '')).status).toBe(400)
    expect((await reset(token)).status).toBe(200)
  })
})

describe('whether an account exists', () => {
  test('does not show in the response or the number of allowed requests', async () => {
    const disabled = await server.addUser()
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    const names = [user.email, disabled.email, 'nobody@example.com', 'no address', 'x'.repeat(5000)]
    for (let count = 0; count < 5; count += 1) {
      for (const name of names) {
        const { status, body, headers } = await forgot(name)
        expect([status, body, headers.get('retry-after')]).toEqual([202, {}, null])
      }
    }
    expect(mailbox.count(disabled.email)).toBe(0)
  })

  test('does not show in the database queries or the limit of links', async () => {
    const { during } = recordStatements()
    const calm = { pollInterval: '1h', maxStaleness: '2h' } as const
    await using watched = await startServer({
      audit: 'off',
      purge: 'manual',
      revocations: calm,
      passwordReset: mailbox.passwordReset,
      trustedProxies: ['127.0.0.1'],
    })
    mailbox.watch(watched.knownSecrets)
    const [known, disabled] = [await watched.addUser(), await watched.addUser()]
    await watched.store.users.update(disabled.id, { disabledAt: 1 })
    const asked = (name: string) => during(watched, () => forgot(name, newAddress(), {}, watched))
    const ofKnown = await asked(known.email)
    expect(ofKnown).toEqual([
      'select users',
      'select epochs',
      'insert epochs',
      'select epochs',
      'select epochs',
      'select password_resets',
      'insert password_resets',
    ])
    for (const name of ['nobody@example.com', disabled.email, known.email, known.email, known.email])
      expect(await asked(name), name).toEqual(ofKnown)
    await mailbox.newest(known.email, 3)
    expect(mailbox.count(known.email)).toBe(3)
  })

  test.each<[string, () => void]>([
    ['fails', () => mailbox.behave(({ token }) => new Error(`mailbox full: ${token}`))],
    ['hangs', () => mailbox.behave('hang')],
  ])('does not show if a message %s', async (_, misbehave) => {
    misbehave()
    const { status, body } = await forgot(user.email)
    expect([status, body]).toEqual([202, {}])
    await settled()
    expect((await forgot('nobody@example.com')).status).toBe(202)
  })

  test('a message that fails is logged without the token, and does not count', async () => {
    mailbox.behave(({ token, url }) => new Error(`mailbox full: ${token} ${url}`))
    for (let count = 0; count < 6; count += 1) await forgot(user.email)
    await settled()
    const lines = logOf('mailbox full').filter((line) => line.includes(`"sub":"${user.id}"`))
    expect(lines).toHaveLength(6)
    expect(lines[0]).toContain('mailbox full: [token]')
    await forgot(user.email)
    expect((await reset((await mailbox.newest(user.email)).token)).status).toBe(200)
  })
})

describe('requests for links', () => {
  test('send a user three links in 30 minutes, from any address and in any spelling', async () => {
    const spellings = [user.email, user.email.toUpperCase(), ` ${user.email} `, user.email, user.email]
    for (const name of spellings) await forgot(name)
    await settled()
    expect(mailbox.count(user.email)).toBe(3)
    server.clock.advance('30m')
    await forgot(user.email)
    await mailbox.newest(user.email, 4)
  })

  test('cannot keep the user from resetting the password: the links of a stranger are theirs', async () => {
    for (let count = 0; count < 10; count += 1) await forgot(user.email)
    const { token } = await mailbox.newest(user.email, 3)
    server.clock.advance('29m')
    expect((await reset(token)).status).toBe(200)
    await forgot(user.email)
    await settled()
    server.clock.advance('1m')
    await forgot(user.email)
    const newest = await mailbox.newest(user.email, 4)
    expect((await reset(newest.token, newAddress(), 'another long password')).status).toBe(200)
  })

  test('are limited to ten an hour per address, silently, but not for a device that signed in before', async () => {
    const office = newAddress()
    const { device_token } = await logIn(server, user)
    const others = await Promise.all(Array.from({ length: 11 }, () => server.addUser()))
    for (const { email } of others) expect((await forgot(email, office)).status).toBe(202)
    await settled()
    expect(others.map(({ email }) => mailbox.count(email))).toEqual([...Array<number>(10).fill(1), 0])
    await forgot(user.email, office)
    await settled()
    expect(mailbox.count(user.email)).toBe(0)
    await forgot(user.email, office, { device_token })
    await mailbox.newest(user.email)
    expect(logOf('Password reset throttled').length).toBeGreaterThan(0)
  })
})

describe('a link', () => {
  const open = async (browser = openBrowser(server)): Promise<Page> => {
    await forgot(user.email)
    return browser.open((await mailbox.newest(user.email)).url)
  }
  const choose = (browser: Browser, page: Page): Promise<Page> =>
    browser.press(page, 'Change password', { new_password: NEW })

  test('lets a user who was locked out sign in immediately, but only on the device that used it', async () => {
    const changed = { ...user, password: NEW }
    const lockOut = async (): Promise<void> => {
      for (let count = 0; count < 10; count += 1) await postLogin(server, { ...user, password: 'a guess' })
      expect((await postLogin(server, changed)).status).toBe(429)
    }
    const [browser, other] = [openBrowser(server), openBrowser(server)]
    await choose(browser, await open(browser))
    await lockOut()
    const signInAt = async (on: Browser) => on.signIn(await on.open(server.endpoint('/login')), changed)
    expect([(await signInAt(browser)).status, (await signInAt(other)).status]).toEqual([200, 429])
    await forgot(user.email)
    const { body } = await reset((await mailbox.newest(user.email, 2)).token)
    const { device_token } = body
    expect((await postLogin(server, changed, { device_token })).status).toBe(200)
    expect((await postLogin(server, changed)).status).toBe(429)
  })

  test('makes the page confirm a change only in the browser that used it', async () => {
    const [browser, other] = [openBrowser(server), openBrowser(server)]
    const done = await choose(browser, await open(browser))
    expect(done.text).toContain('Your password was changed')
    expect((await browser.open(done.url)).text).toContain('Your password was changed')
    const unused = new URL(done.url)
    await forgot(user.email)
    unused.searchParams.set('changed', sha256((await mailbox.newest(user.email, 2)).token))
    for (const page of [
      await other.open(done.url),
      await browser.open(unused),
      await browser.open(`${server.issuer}/reset-password?changed=yes`),
    ])
      expect([page.status, page.text]).toEqual([410, expect.stringContaining('This link no longer works')])
  })
})

describe('a token', () => {
  test('that is guessed counts for the address, which does not stop a genuine one', async () => {
    await forgot(user.email)
    const { token, url } = await mailbox.newest(user.email)
    const thief = newAddress()
    const guesses = Array.from({ length: 61 }, (_, index) => `${token.slice(0, -4)}${1000 + index}`)
    const statuses = []
    for (const guess of guesses) statuses.push((await reset(guess, thief)).status)
    expect(statuses).toEqual([...Array<number>(60).fill(400), 429])
    const page = await openBrowser(server).open(url.replace(token, 'x'.repeat(43)), {
      headers: { 'x-forwarded-for': thief },
    })
    expect(page.status).toBe(429)
    expect((await reset(token, thief)).status).toBe(200)
  })

  test('that was used is not a guess', async () => {
    await forgot(user.email)
    const { token } = await mailbox.newest(user.email)
    const from = newAddress()
    await reset(token, from)
    for (let count = 0; count < 70; count += 1) expect((await reset(token, from)).status).toBe(400)
  })

  test('changes the password of its own user only, whatever else the body names', async () => {
    const victim = await server.addUser()
    await forgot(user.email)
    const { token } = await mailbox.newest(user.email)
    const body = { token, password: NEW, username: victim.email, sub: victim.id, provider: 'users' }
    expect((await callSignInApi(server, '/auth/reset-password', { body })).status).toBe(200)
    expect((await postLogin(server, victim)).status).toBe(200)
  })

  test('is spent once by two tabs that post at the same time', async () => {
    await forgot(user.email)
    const { url } = await mailbox.newest(user.email)
    const browser = openBrowser(server)
    const tabs = [await browser.open(url), await browser.open(url)]
    const outcomes = await Promise.all(
      tabs.map((tab, index) =>
        browser.press(tab, 'Change password', { new_password: `a new password ${index}` }),
      ),
    )
    expect(outcomes.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 410])
    const passwords = [0, 1].map((index) => `a new password ${index}`)
    const works = await Promise.all(
      passwords.map(async (password) => (await postLogin(server, { ...user, password })).status === 200),
    )
    expect(works).toEqual(outcomes.map(({ status }) => status === 200))
  })
})

describe('a form on another site', () => {
  const forged = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }

  test('changes no password', async () => {
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const { fields } = formOf(await browser.open(server.endpoint('/account/password')), 'Change password')
    const { csrf: other = '' } = formOf(
      await openBrowser(server).open(server.endpoint('/login')),
      'Sign in',
    ).fields
    for (const [csrf, headers] of [
      [fields['csrf'] ?? '', forged],
      [other, {}],
      ['', {}],
    ] as const) {
      const body = new URLSearchParams({ csrf, new_password: NEW })
      const page = await browser.open(server.endpoint('/account/password'), {
        method: 'POST',
        body,
        headers,
      })
      expect(page.status).toBe(403)
    }
    expect((await postLogin(server, user)).status).toBe(200)
  })

  test('sends no message', async () => {
    const browser = openBrowser(server)
    const { fields } = formOf(await browser.open(server.endpoint('/forgot-password')), 'Send link')
    const body = new URLSearchParams({ ...fields, username: user.email })
    const options = { method: 'POST', body, headers: forged }
    expect((await browser.open(server.endpoint('/forgot-password'), options)).status).toBe(403)
    await settled()
    expect(mailbox.count(user.email)).toBe(0)
  })
})

test('a message that is still being sent does not keep the server from closing', async () => {
  const hanging = createMailbox()
  hanging.behave('hang')
  const closing = await startServer({ passwordReset: hanging.passwordReset })
  hanging.watch(closing.knownSecrets)
  const known = await closing.addUser()
  await forgot(known.email, newAddress(), {}, closing)
  await hanging.newest(known.email)
  await closing.close()
  await sleep(0)
})
