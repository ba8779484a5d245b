import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, formOf, type Page } from '../support/browser.ts'
import { configProblems } from '../support/config.ts'
import { signInToTokenApi, tokenInPage, type TokenApi } from '../support/personal-tokens.ts'
import { startServer, type TestUser } from '../support/server.ts'

const server = await startServer()
afterAll(server.close)

const TOKEN = { name: 'Backup', scopes: ['orders:read'] }
let user: TestUser
let api: TokenApi
let browser: Browser
beforeEach(async () => {
  user = await server.addUser()
  api = await signInToTokenApi(server, user)
  browser = api.browser
})

const openTokens = (): Promise<Page> => browser.open(server.endpoint('/account/tokens'))
const generate = (page: Page, fields: Readonly<Record<string, string>> = {}): Promise<Page> =>
  browser.press(page, 'Generate token', { name: 'Backup', 'scope:orders:read': 'on', ...fields })
const asksPassword = (page: Page): boolean => 'current_password' in formOf(page, 'Generate token').fields

describe('the page of personal access tokens', () => {
  test('asks for the password once the sign-in is 15 minutes old', async () => {
    server.clock.advance('14m')
    expect(asksPassword(await openTokens())).toBe(false)
    server.clock.advance('1m')
    const page = await openTokens()
    expect(asksPassword(page)).toBe(true)
    const created = await generate(page, { current_password: user.password })
    expect([created.status, tokenInPage(server, created)]).toEqual([200, expect.any(String)])
    expect(asksPassword(await openTokens())).toBe(false)
  })

  test('does not ask again until 15 minutes after the confirmation or another sign-in', async () => {
    server.clock.advance('20m')
    await generate(await openTokens(), { current_password: user.password })
    server.clock.advance('14m')
    expect(asksPassword(await openTokens())).toBe(false)
    server.clock.advance('1m')
    expect(asksPassword(await openTokens())).toBe(true)
    await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), user)
    expect(asksPassword(await openTokens())).toBe(false)
  })

  test('keeps what was entered when the password is incorrect or missing', async () => {
    server.clock.advance('20m')
    const values = { name: 'Printer', expires_in: '604800' }
    for (const [current_password, sentence] of [
      ['wrong', 'That password is incorrect. Try again.'],
      ['', 'Enter your password to continue.'],
    ] as const) {
      const page = await generate(await openTokens(), { ...values, current_password })
      expect([page.status, page.text]).toEqual([422, expect.stringContaining(sentence)])
      expect(formOf(page, 'Generate token').fields).toMatchObject({
        ...values,
        'scope:orders:read': 'on',
        current_password: '',
      })
    }
    expect(await api.list()).toEqual([])
  })

  test('asks when the sign-in became old while the form was open', async () => {
    const page = await openTokens()
    server.clock.advance('20m')
    const refused = await generate(page)
    expect([refused.status, refused.text]).toEqual([
      422,
      expect.stringContaining('Enter your password to continue.'),
    ])
    const created = await generate(refused, { current_password: user.password })
    expect(created.text).toContain('Your new token')
  })

  test('does not ask again after a confirmation, though the name is rejected', async () => {
    server.clock.advance('20m')
    const page = await generate(await openTokens(), { name: '', current_password: user.password })
    expect([page.status, asksPassword(page)]).toEqual([422, false])
  })

  test('asks for nothing to revoke a token', async () => {
    await api.create(TOKEN)
    server.clock.advance('20m')
    const [token] = await api.list()
    expect((await api.revoke(token?.id ?? '')).status).toBe(204)
  })
})

describe('the JSON API of personal access tokens', () => {
  test('refuses an old sign-in, and says how old it may be (RFC 9470)', async () => {
    server.clock.advance('15m')
    const { status, body, headers } = await api.create(TOKEN)
    expect([status, body]).toEqual([
      401,
      {
        error: 'insufficient_user_authentication',
        error_description: 'The sign-in is too old. Send the password as current_password',
      },
    ])
    expect(headers.get('www-authenticate')).toBe(
      `Cookie realm="${server.issuer}", error="insufficient_user_authentication", error_description="The sign-in is too old. Send the password as current_password", max_age="900"`,
    )
    expect(await api.list()).toEqual([])
  })

  test('accepts it with the password, and then without it for 15 minutes', async () => {
    server.clock.advance('15m')
    expect((await api.create({ ...TOKEN, current_password: user.password })).status).toBe(201)
    expect((await api.create(TOKEN)).status).toBe(201)
  })

  test.each<[string, unknown, number, string]>([
    ['an incorrect one', 'wrong', 401, 'invalid_credentials'],
    ['an empty one', '', 401, 'invalid_credentials'],
    ['a number', 7, 422, 'invalid_request'],
    ['null', null, 422, 'invalid_request'],
  ])('refuses %s', async (_, current_password, status, error) => {
    server.clock.advance('15m')
    const response = await api.create({ ...TOKEN, current_password })
    expect([response.status, response.body['error']]).toEqual([status, error])
    expect(await api.list()).toEqual([])
  })
})

describe('guesses in a session', () => {
  const guess = async (by: TokenApi, current_password: string) =>
    (await by.create({ ...TOKEN, current_password })).status

  test('are limited to 10 in 15 minutes, also on the page, and reported', async () => {
    server.clock.advance('15m')
    for (let count = 0; count < 10; count += 1) expect(await guess(api, 'wrong')).toBe(401)
    const blocked = await api.create({ ...TOKEN, current_password: user.password })
    expect([blocked.status, blocked.body['error'], blocked.headers.get('retry-after')]).toEqual([
      429,
      'too_many_requests',
      expect.stringMatching(/^\d+$/),
    ])
    const page = await generate(await openTokens(), { current_password: user.password })
    expect([page.status, page.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)])
    expect(page.text).toContain('Too many attempts. Try again in 15 minutes.')
    const failures = server.events.filter(({ name }) => name === 'sign-in.failed')
    expect(failures.filter(({ payload }) => payload['sub'] === user.id)).toHaveLength(10)
    expect(server.events.filter(({ name }) => name === 'sign-in.throttled')).toHaveLength(2)
    server.clock.advance('15m')
    expect(await guess(api, user.password)).toBe(201)
  })

  test('lock out neither the sign-in of the user nor their other sessions', async () => {
    const other = await signInToTokenApi(server, user)
    server.clock.advance('15m')
    for (let count = 0; count < 12; count += 1) await guess(api, 'wrong')
    expect(await guess(other, user.password)).toBe(201)
    const third = await signInToTokenApi(server, user)
    expect((await third.create(TOKEN)).status).toBe(201)
    expect(await guess(api, user.password)).toBe(429)
  })

  test('cannot exceed the limit in parallel', async () => {
    server.clock.advance('15m')
    const headers = { 'content-type': 'application/json', 'x-csrf-token': await api.csrf() }
    const guesses = Array.from({ length: 30 }, () =>
      api.create({ ...TOKEN, current_password: 'wrong' }, headers),
    )
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(20)
  })
})

describe('reauthenticateAfter', () => {
  test("'off' never asks, and another duration asks earlier or later", async () => {
    await using never = await startServer({ reauthenticateAfter: 'off' })
    const calm = await signInToTokenApi(never, await never.addUser())
    never.clock.advance('11h')
    expect((await calm.create(TOKEN)).status).toBe(201)
    await using soon = await startServer({ reauthenticateAfter: '1m' })
    const strict = await signInToTokenApi(soon, await soon.addUser())
    soon.clock.advance('1m')
    const { status, headers } = await strict.create(TOKEN)
    expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('max_age="60"')])
  })

  test('must be a duration', () => {
    expect(configProblems({ reauthenticateAfter: 'never' })).toEqual([
      "reauthenticateAfter: must be a duration such as '15m', '12h', '30d', or a number of seconds",
    ])
  })
})
