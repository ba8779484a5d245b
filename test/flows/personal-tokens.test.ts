import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { maxLifetimes } from '../../src/config/lifetimes.ts'
import { resolveSettings } from '../../src/config/settings.ts'
import { ConfigError } from '../../src/index.ts'
import type { Config, PersonalTokensConfig } from '../../src/index.ts'
import { formOf, linkTo, openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { callApi, claimOf, getCodeFlowTokens } from '../support/oauth-client.ts'
import { createToken, signInToTokenApi, tokenInPage } from '../support/personal-tokens.ts'
import type { TokenApi } from '../support/personal-tokens.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const { personalTokens } = server.server
const user = await server.addUser()
afterAll(server.close)

const page = '/account/tokens'
const statusOf = async (token: string, path = '/me'): Promise<number> =>
  (await callApi(server, path, token)).status

/** Returns the paths of the problems of a ConfigError. */
const problemsOf = async (work: Promise<unknown>): Promise<readonly string[]> =>
  work.then(
    () => [],
    (error: unknown) =>
      error instanceof ConfigError ? error.problems.map(({ path }) => path) : [String(error)],
  )

describe('the app', () => {
  test('creates a token for a user that has its scopes only', async () => {
    const { token, accessToken } = await personalTokens.create(user.id, {
      name: 'Backup',
      scopes: ['orders:read'],
    })
    expect(token).toEqual({
      id: claimOf(accessToken, 'azn'),
      name: 'Backup',
      scopes: ['orders:read'],
      createdAt: expect.any(Number) as number,
      lastUsedAt: null,
      expiresAt: Number(claimOf(accessToken, 'exp')) * 1000,
    })
    // The clock is read once for each of them.
    expect(token.expiresAt - token.createdAt).toBeGreaterThan(365 * 86_400_000 - 60_000)
    const { status, body } = await callApi(server, '/orders', accessToken)
    expect([status, body['user']]).toEqual([200, { id: user.id, provider: 'users', sub: user.id }])
    expect(await statusOf(accessToken, '/machine')).toBe(401)
    const bare = await personalTokens.create(user.id, { name: 'Bare' })
    expect([await statusOf(bare.accessToken), await statusOf(bare.accessToken, '/orders')]).toEqual([
      200, 403,
    ])
  })

  test('creates one with all scopes, and one for another provider', async () => {
    const { accessToken } = await personalTokens.create(
      { id: user.id, provider: 'users' },
      { name: 'All', scopes: ['*'] },
    )
    expect(await statusOf(accessToken, '/orders')).toBe(200)
  })

  test('every token starts with the same prefix, so that scanners find a leaked one', async () => {
    for (const name of ['One', 'Two']) {
      const { accessToken } = await personalTokens.create(user.id, { name, scopes: ['profile'] })
      expect(accessToken).toMatch(/^eyJjb25zdWxhdGUiOiJwYXQi[\w-]+\.[\w-]+\.[\w-]+$/)
    }
    const client = await server.addClient()
    const { access_token: usual } = await getCodeFlowTokens({
      server,
      browser: openBrowser(server),
      client,
      user,
    })
    expect(usual).not.toMatch(/^eyJjb25/)
  })

  test.each<[string, object, readonly string[]]>([
    ['without a name', { name: '' }, ['name']],
    ['with a name of spaces', { name: ' \t ' }, ['name']],
    ['with a name of 256 characters', { name: 'x'.repeat(256) }, ['name']],
    ['with a line break in the name', { name: 'a\nb' }, ['name']],
    ['with a NUL in the name', { name: 'a\0b' }, ['name']],
    ['with an unpaired surrogate in the name', { name: 'a\ud800' }, ['name']],
    ['with a number as its name', { name: 7 }, ['name']],
    [
      'with undefined scopes',
      { name: 'a', scopes: ['profile', 'x', 'constructor'] },
      ['scopes[1]', 'scopes[2]'],
    ],
    ['with a lifetime above the maximum', { name: 'a', expiresIn: '366d' }, ['expiresIn']],
    ['with a lifetime of 0', { name: 'a', expiresIn: 0 }, ['expiresIn']],
    ['with an invalid lifetime', { name: 'a', expiresIn: 'soon' }, ['expiresIn']],
    ['wrong in every way', { name: '', scopes: ['x'], expiresIn: -1 }, ['name', 'scopes[0]', 'expiresIn']],
  ])('gets every problem of a token %s', async (_what, request, paths) => {
    expect(await problemsOf(personalTokens.create(user.id, request as never))).toEqual(paths)
  })

  test('can use a name of 255 characters', async () => {
    const { token } = await personalTokens.create(user.id, { name: 'é'.repeat(255) })
    expect(token.name).toHaveLength(255)
    await personalTokens.revoke(token.id)
  })

  test('cannot create one for an unknown, deleted or disabled user', async () => {
    const gone = await server.addUser()
    await server.store.users.update(gone.id, { disabledAt: server.clock.now() })
    expect(await problemsOf(personalTokens.create(gone.id, { name: 'a' }))).toEqual(['user'])
    expect(await problemsOf(personalTokens.create('unknown', { name: 'a' }))).toEqual(['user'])
  })

  test('cannot create one if they are not configured, but can list and revoke existing ones', async () => {
    const other = await startServer({ file: server.file, personalTokens: undefined })
    onTestFinished(() => other.close())
    expect(await problemsOf(other.server.personalTokens.create(user.id, { name: 'a' }))).toEqual([
      'personalTokens',
    ])
    expect((await other.server.personalTokens.list(user.id)).length).toBeGreaterThan(0)
    expect((await fetch(other.endpoint(page))).status).toBe(404)
    expect((await fetch(other.endpoint('/oauth/personal-access-tokens'))).status).toBe(404)
  })

  test('a user has at most 100, and creates at most 100 a day', async () => {
    const busy = await server.addUser()
    const make = () => personalTokens.create(busy.id, { name: 'One of many' })
    for (let count = 0; count < 100; count += 1) await make()
    expect(await problemsOf(make())).toEqual(['user'])
    const tokens = await personalTokens.list(busy.id)
    expect(tokens).toHaveLength(100)
    for (const { id } of tokens.slice(0, 10)) await personalTokens.revoke(id)
    expect(await problemsOf(make())).toEqual(['user'])
    server.clock.advance('1d')
    expect((await make()).token.name).toBe('One of many')
    for (let count = 0; count < 9; count += 1) await make()
    // Rejected attempts do not count.
    for (let count = 0; count < 100; count += 1) expect(await problemsOf(make())).toEqual(['user'])
    await personalTokens.revoke(tokens[10]?.id ?? '')
    expect(await problemsOf(make())).toEqual([])
  })
})

describe('a token', () => {
  test('expires after the requested lifetime', async () => {
    const { accessToken } = await personalTokens.create(user.id, { name: 'Short', expiresIn: '10m' })
    server.clock.advance('9m')
    expect(await statusOf(accessToken)).toBe(200)
    server.clock.advance('61s')
    expect((await callApi(server, '/me', accessToken)).body['error_description']).toBe('Token expired')
    expect((await personalTokens.list(user.id)).map(({ name }) => name)).not.toContain('Short')
  })

  test('has the configured lifetime by default, whatever the maximum is', async () => {
    await using short = await startServer({ personalTokens: { lifetime: '30d', maximumLifetime: '90d' } })
    const { id } = await short.addUser()
    const create = async (expiresIn?: '90d' | '91d') => {
      const { token } = await short.server.personalTokens.create(id, {
        name: 'a',
        ...(expiresIn && { expiresIn }),
      })
      return Math.round((token.expiresAt - token.createdAt) / 86_400_000)
    }
    expect([await create(), await create('90d')]).toEqual([30, 90])
    expect(await problemsOf(create('91d'))).toEqual(['expiresIn'])
  })

  test('is listed with its last use, newest first', async () => {
    const owner = await server.addUser()
    const [first, second] = [
      await personalTokens.create(owner.id, { name: 'First' }),
      (server.clock.advance('1m'), await personalTokens.create(owner.id, { name: 'Second' })),
    ]
    server.clock.advance('1m')
    const now = server.clock.now()
    await callApi(server, '/me', first.accessToken)
    // A rejected request is not a use.
    await callApi(server, '/orders', second.accessToken)
    const list = await personalTokens.list(owner.id)
    expect(list.map(({ name, lastUsedAt }) => [name, lastUsedAt !== null])).toEqual([
      ['Second', false],
      ['First', true],
    ])
    expect(list[1]?.lastUsedAt).toBeGreaterThanOrEqual(now)
    // Only these authorizations are personal access tokens.
    const client = await server.addClient()
    await getCodeFlowTokens({ server, browser: openBrowser(server), client, user: owner })
    expect(await personalTokens.list(owner.id)).toHaveLength(2)
    expect(await server.server.authorizations.list(owner.id)).toHaveLength(3)
  })

  test('has its last use written when the server closes', async () => {
    const owner = await server.addUser()
    const other = await startServer({ file: server.file, issuer: server.issuer })
    const { accessToken, token } = await other.server.personalTokens.create(owner.id, { name: 'Used' })
    other.clock.advance('1h')
    const usedAt = other.clock.now()
    expect((await callApi(other, '/me', accessToken)).status).toBe(200)
    await other.close()
    const [kept] = await personalTokens.list(owner.id)
    expect(kept?.id).toBe(token.id)
    expect(kept?.lastUsedAt).toBeGreaterThanOrEqual(usedAt)
  })
})

/** Creates a user with a browser and a token. */
async function owner() {
  const user = await server.addUser()
  const api = await signInToTokenApi(server, user)
  return { ...user, api, ...(await createToken(api)) }
}

/** Moves the clock a week forward and purges everything that can be deleted. */
async function purgeMuchLater(): Promise<void> {
  server.clock.advance('8d')
  await server.server.purge({ hours: 0 })
}

describe('a token is revoked for good', () => {
  test.each<[string, (who: Awaited<ReturnType<typeof owner>>) => Promise<unknown>]>([
    ['when it is revoked', ({ id: tokenId, api }) => api.revoke(tokenId)],
    ['when the app revokes it', ({ accessToken }) => personalTokens.revoke(claimOf(accessToken, 'azn'))],
    [
      'when it is revoked as an authorization',
      ({ accessToken }) => server.server.authorizations.revoke(claimOf(accessToken, 'azn')),
    ],
    [
      'when its user is signed out everywhere',
      ({ accessToken }) => server.server.users.signOutEverywhere(claimOf(accessToken, 'sub')),
    ],
    [
      'when the password is changed, unlike third parties',
      ({ accessToken }) => server.server.users.setPassword(claimOf(accessToken, 'sub'), 'another password'),
    ],
    [
      'when its user is disabled and signed out everywhere',
      async ({ accessToken }) => {
        const id = claimOf(accessToken, 'sub')
        await server.store.users.update(id, { disabledAt: server.clock.now() })
        await server.server.users.signOutEverywhere(id)
      },
    ],
    [
      'when the issuer recovers from a leak',
      () => server.store.revocations.revoke({ kind: 'issuer' }, server.clock.now()),
    ],
  ])('%s', async (_when, end) => {
    const who = await owner()
    expect(await statusOf(who.accessToken)).toBe(200)
    await end(who)
    await expect.poll(() => statusOf(who.accessToken)).toBe(401)
    expect(await personalTokens.list(claimOf(who.accessToken, 'sub'))).toEqual([])
    await purgeMuchLater()
    expect((await callApi(server, '/me', who.accessToken)).body['error_description']).toBe('Token revoked')
  })
})

describe('a token stays valid', () => {
  test.each<[string, (who: Awaited<ReturnType<typeof owner>>) => Promise<unknown>]>([
    [
      'when the user signs out',
      async ({ api: { browser } }) =>
        browser.press(await browser.open(server.endpoint('/logout')), 'Sign out'),
    ],
    [
      'when the session that created it is revoked',
      async ({ accessToken }) => {
        for (const { id } of await server.server.sessions.list(claimOf(accessToken, 'sub')))
          await server.server.sessions.revoke(id)
      },
    ],
    ['after a purge', () => purgeMuchLater()],
  ])('%s', async (_when, end) => {
    const who = await owner()
    await end(who)
    expect(await statusOf(who.accessToken)).toBe(200)
    expect(await personalTokens.list(claimOf(who.accessToken, 'sub'))).toHaveLength(1)
  })
})

test('a signing key stays published as long as the longest token that it may have signed', () => {
  const { store } = server
  const given = { ...commonConfig(), issuer: 'https://example.com', secrets: testSecrets, store } as const
  const lifetimeWith = (config: Partial<Config>): number =>
    maxLifetimes(resolveSettings({ ...(given as Config), ...config })).accessToken
  expect(lifetimeWith({})).toBe(365 * 86_400_000)
  expect(lifetimeWith({ personalTokens: { lifetime: '30d', maximumLifetime: '90d' } })).toBe(90 * 86_400_000)
  expect(lifetimeWith({ personalTokens: { lifetime: '1m' } })).toBe(900_000)
})

test.each<[PersonalTokensConfig, string]>([
  [{ lifetime: 'soon' as never }, 'personalTokens.lifetime'],
  [{ lifetime: 0 }, 'personalTokens.lifetime'],
  [{ lifetime: '31d', maximumLifetime: '30d' }, 'personalTokens.lifetime'],
  [{ maximumLifetime: '101y' }, 'personalTokens.maximumLifetime'],
])('rejects an invalid configuration: %j', async (config, path) => {
  expect(await problemsOf(startServer({ personalTokens: config }))).toEqual([path])
})

describe('the token page', () => {
  test('redirects guests to sign in, and back', async () => {
    const browser = openBrowser(server)
    const asked = await browser.open(server.endpoint(page))
    expect(asked.url.pathname).toBe('/login')
    const shown = await browser.signIn(asked, user)
    expect(shown.url.pathname).toBe(page)
    expect(shown.text).toContain('Personal access tokens')
  })

  test('creates a token, shows it once, lists it and revokes it', async () => {
    const owner = await server.addUser()
    const { browser } = await signInToTokenApi(server, owner)
    const empty = await browser.open(server.endpoint(page))
    expect(empty.text).toContain('You have no tokens yet.')
    const made = await browser.press(empty, 'Generate token', {
      name: 'Backup & <b>more</b>',
      'scope:orders:read': 'on',
      expires_in: '604800',
    })
    expect([made.status, made.url.search, made.headers.get('cache-control')]).toEqual([200, '', 'no-store'])
    const token = tokenInPage(server, made)
    expect(made.text).toContain('See your orders')
    expect(await statusOf(token, '/orders')).toBe(200)
    expect(Number(claimOf(token, 'exp')) - Number(claimOf(token, 'iat'))).toBe(604_800)

    const list = await browser.open(server.endpoint(page))
    expect(list.body).not.toContain(token.slice(-43))
    expect(list.text).toContain('Backup & <b>more</b>')
    expect(list.text).toMatch(/\w+ \d+, \d{4}, \d+:\d\d [AP]M UTC/)

    const question = await browser.open(linkTo(list, 'Revoke'))
    expect(question.text).toContain('Scripts that use Backup & <b>more</b> will stop working immediately')
    expect(await statusOf(token, '/orders')).toBe(200)
    const gone = await browser.press(question, 'Revoke token')
    expect([gone.url.pathname, gone.text.includes('You have no tokens yet.')]).toEqual([page, true])
    expect(gone.text).toContain('Backup & <b>more</b> was revoked.')
    expect(await statusOf(token, '/orders')).toBe(401)
    expect((await browser.press(question, 'Revoke token')).text).toContain('was revoked.')
  })

  test('says that a token was revoked only if that is true and it was the user’s', async () => {
    const [mine, theirs] = [await server.addUser(), await server.addUser()]
    const [own, other] = [await signInToTokenApi(server, mine), await signInToTokenApi(server, theirs)]
    const { id } = await createToken(own)
    const noticeOf = async ({ browser }: TokenApi, query: string): Promise<boolean> =>
      (await browser.open(server.endpoint(`${page}?revoked=${query}`))).text.includes('was revoked')
    expect(await noticeOf(own, id)).toBe(false)
    await own.revoke(id)
    expect(await noticeOf(own, id)).toBe(true)
    expect(await noticeOf(other, id)).toBe(false)
    for (const query of ['', 'nonsense', encodeURIComponent('<b>You</b>')])
      expect(await noticeOf(own, query)).toBe(false)
  })

  test('asks nothing about a token that is revoked, unknown or another user’s', async () => {
    const [mine, theirs] = [await server.addUser(), await server.addUser()]
    const [own, other] = [await signInToTokenApi(server, mine), await signInToTokenApi(server, theirs)]
    const { id } = await createToken(own)
    const asks = async ({ browser }: TokenApi, query: string): Promise<boolean> =>
      (await browser.open(server.endpoint(`${page}?revoke=${query}`))).text.includes('Revoke this token?')
    expect([await asks(own, id), await asks(other, id), await asks(own, 'nonsense')]).toEqual([
      true,
      false,
      false,
    ])
    await own.revoke(id)
    expect(await asks(own, id)).toBe(false)
  })

  test('creates one token per form, however often it is posted', async () => {
    const owner = await server.addUser()
    const { browser } = await signInToTokenApi(server, owner)
    const form = await browser.open(server.endpoint(page))
    const token = tokenInPage(server, await browser.press(form, 'Generate token', { name: 'Once' }))
    const again = await browser.press(form, 'Generate token', { name: 'Once' })
    expect([again.status, again.text.includes('This form was already submitted')]).toEqual([422, true])
    expect(await personalTokens.list(owner.id)).toHaveLength(1)
    await personalTokens.revoke(claimOf(token, 'azn'))
    expect((await browser.press(form, 'Generate token', { name: 'Once' })).status).toBe(422)
    expect(await personalTokens.list(owner.id)).toEqual([])
    const fresh = await browser.press(again, 'Generate token', { name: 'Twice' })
    expect(await statusOf(tokenInPage(server, fresh))).toBe(200)
  })

  test.each<[string, Record<string, string>, string]>([
    ['an invalid name', { name: '\u0007' }, 'Enter a name'],
    ['an empty name', { name: '' }, 'Enter a name'],
    ['a scope that was removed', { name: 'a', 'scope:gone': 'on' }, 'no longer available'],
    ['a lifetime that is too long', { name: 'a', expires_in: '31536001' }, "can't be valid for that long"],
    ['no lifetime', { name: 'a', expires_in: '' }, "can't be valid for that long"],
  ])('shows the problem with %s, and keeps the entered values', async (_what, fields, words) => {
    const { browser } = await signInToTokenApi(server, user)
    const form = await browser.open(server.endpoint(page))
    const response = await browser.press(form, 'Generate token', { 'scope:profile': 'on', ...fields })
    expect([response.status, response.text.includes(words)]).toEqual([422, true])
    expect(formOf(response, 'Generate token').fields).toMatchObject({
      name: fields['name'],
      'scope:profile': 'on',
    })
  })

  test('offers the allowed lifetimes, and selects at most a month', async () => {
    await using short = await startServer({ personalTokens: { maximumLifetime: '90d' } })
    const { browser } = await signInToTokenApi(short, await short.addUser())
    const { text, forms } = await browser.open(short.endpoint(page))
    expect(text).toContain('7 days 30 days 90 days Permissions')
    expect(forms.at(-1)?.fields['expires_in']).toBe('2592000')
    await using hour = await startServer({ personalTokens: { lifetime: '1h' } })
    const visitor = await signInToTokenApi(hour, await hour.addUser())
    const only = await visitor.browser.open(hour.endpoint(page))
    expect(only.text).toContain('Expiration 1 hour Permissions')
    expect(tokenInPage(hour, await visitor.browser.press(only, 'Generate token', { name: 'a' }))).toBeTruthy()
  })

  test('is in the navigation of the account, unless tokens are off', async () => {
    const { browser } = await signInToTokenApi(server, user)
    expect((await browser.open(server.endpoint('/account'))).body).toContain(`href="${page}"`)
    await using without = await startServer({ personalTokens: undefined })
    const elsewhere = openBrowser(without)
    const account = await elsewhere.signIn(
      await elsewhere.open(without.endpoint('/account')),
      await without.addUser(),
    )
    expect(account.text).toContain("You're signed in on these devices")
    expect(account.body).not.toContain(page)
  })
})
