import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizationCode, passwordGrant, refreshToken } from '../../src/index.ts'
import type { UserProvider } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import {
  callApi,
  fetchJson,
  requestToken,
  claimOf,
  formBody,
  getTokens,
  refresh,
} from '../support/oauth-client.ts'
import type { JsonResponse, Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser, TestClient } from '../support/server.ts'

const customers: Record<string, string> = { 'cora@example.com': 'c', 'ada@example.com': '1' }

/** The users of another provider. Their password is `customer` plus their ID. */
const customerProvider: UserProvider = {
  find: async (id) => (Object.values(customers).includes(id) ? { id } : undefined),
  findByUsername: async (name) => (customers[name] === undefined ? undefined : { id: customers[name] }),
  verifyPassword: async (user, password) => user !== undefined && password === `customer ${user.id}`,
}

const server = await startServer({
  grants: [authorizationCode(), passwordGrant(), refreshToken()],
  providers: { customers: customerProvider },
  throttle: { perAccount: { failures: 3, window: '5m' }, perAddress: { failures: 1000, window: '1m' } },
})
const grantTypes = ['password', 'refresh_token']
let user: TestUser
let client: TestClient
let app: TestClient

beforeAll(async () => {
  user = await server.addUser()
  client = await server.addClient({ grantTypes })
  app = await server.addClient({ grantTypes, type: 'public', scopes: ['orders:read', '*'] })
})
afterAll(server.close)

const credentials = ({ email, password }: Pick<TestUser, 'email' | 'password'>): Parameters => ({
  grant_type: 'password',
  username: email,
  password,
})

const signIn = (who = user, by = client, parameters: Parameters = {}): Promise<JsonResponse> =>
  requestToken(server, by, { ...credentials(who), ...parameters })

const heard = (name: string) => server.events.filter((event) => event.name === name)

describe('user name and password', () => {
  test('get an access token and a refresh token', async () => {
    const { status, headers, body } = await signIn(user, client, { scope: 'orders:read profile' })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      access_token: expect.any(String) as unknown,
      refresh_token: expect.stringMatching(/^cons_rt_/) as unknown,
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'orders:read profile',
    })
    const me = await callApi(server, '/me', String(body['access_token']))
    expect(me).toMatchObject({ status: 200, body: { user: { id: user.id } } })
    const next = await refresh({ server, client }, String(body['refresh_token']))
    expect([next.status, next.body['scope']]).toEqual([200, 'orders:read profile'])
  })

  test('get no refresh token for a client without that grant', async () => {
    const once = await server.addClient({ grantTypes: ['password'] })
    expect((await signIn(user, once)).body).not.toHaveProperty('refresh_token')
  })

  test('are enough for a public client with the grant', async () => {
    expect((await signIn(user, app)).status).toBe(200)
  })

  test('are not enough for a confidential client without its secret', async () => {
    const { status, body } = await signIn(user, { ...client, secret: undefined })
    expect([status, body['error']]).toEqual([401, 'invalid_client'])
  })

  test.each(['username', 'password'])('get invalid_request if %s is missing or empty', async (name) => {
    for (const value of [undefined, '']) {
      const { status, body } = await signIn(user, client, { [name]: value })
      expect([status, body['error']]).toEqual([400, 'invalid_request'])
    }
  })

  test('get the same error for a wrong password and for an unknown user', async () => {
    const leaver = await server.addUser()
    await server.store.users.update(leaver.id, { disabledAt: 1 })
    const wrong = await signIn({ ...user, password: 'a wrong password' })
    expect([wrong.status, wrong.body]).toEqual([
      400,
      { error: 'invalid_grant', error_description: 'The user credentials were incorrect' },
    ])
    for (const other of [
      { ...user, email: 'unknown@example.com' },
      { ...user, email: 'not an email' },
      leaver,
    ]) {
      const { status, body } = await signIn(other)
      expect([status, body]).toEqual([wrong.status, wrong.body])
    }
  })

  test('emit sign-in.failed if they are wrong, as on the sign-in page', async () => {
    const newUser = await server.addUser()
    const response = await signIn({ ...newUser, password: 'a wrong password' })
    expect(heard('sign-in.failed').at(-1)?.payload).toEqual({
      requestId: response.headers.get('x-request-id'),
      provider: 'users',
      address: '127.0.0.1',
      sub: newUser.id,
      reason: 'wrong_password',
    })
  })
})

describe('password guesses', () => {
  const wrong = (who: TestUser): Promise<JsonResponse> => signIn({ ...who, password: 'a wrong password' })

  test('are throttled per user name, with Retry-After, even for the right password', async () => {
    const target = await server.addUser()
    for (let count = 0; count < 3; count += 1) expect((await wrong(target)).status).toBe(400)
    const { status, headers, body } = await signIn(target)
    expect([status, body['error']]).toEqual([429, 'too_many_requests'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(200)
    expect(heard('sign-in.throttled').at(-1)?.payload).toMatchObject({
      requestId: headers.get('x-request-id'),
      provider: 'users',
      retryAfter: Number(headers.get('retry-after')),
    })
  })

  test('count together with those on the sign-in page', async () => {
    const target = await server.addUser()
    const guess = async (): Promise<number> => {
      const browser = openBrowser(server)
      const page = await browser.open('/login')
      return (await browser.signIn(page, { ...target, password: 'a wrong password' })).status
    }
    expect([await guess(), (await wrong(target)).status, await guess()]).toEqual([403, 400, 403])
    expect((await signIn(target)).status).toBe(429)
    expect(await guess()).toBe(429)
  })

  test('are forgotten after a right password', async () => {
    const target = await server.addUser()
    for (let round = 0; round < 2; round += 1) {
      for (let count = 0; count < 2; count += 1) expect((await wrong(target)).status).toBe(400)
      expect((await signIn(target)).status).toBe(200)
    }
  })

  test('do not include requests that could not get a token anyway', async () => {
    const target = await server.addUser()
    for (let count = 0; count < 4; count += 1) {
      const { body } = await signIn({ ...target, password: 'a wrong password' }, client, {
        scope: 'unknown:scope',
      })
      expect(body['error']).toBe('invalid_scope')
    }
    expect((await signIn(target)).status).toBe(200)
  })
})

describe('scopes', () => {
  test('are limited to those of the client', async () => {
    const { body } = await signIn(user, await server.addClient({ grantTypes, scopes: ['profile'] }), {
      scope: 'orders:read',
    })
    expect(body['error']).toBe('invalid_scope')
  })

  test('can be * if the client lists it; it survives a refresh and is accepted on every route', async () => {
    const tokens = await getTokens(server, app, { ...credentials(user), scope: '*' })
    expect(tokens.scope).toBe('*')
    const next = await refresh({ server, client: app }, tokens.refresh_token)
    expect(next.body['scope']).toBe('*')
    expect((await callApi(server, '/orders', String(next.body['access_token']))).status).toBe(200)
  })

  test('cannot be * for a client with every defined scope', async () => {
    expect((await signIn(user, client, { scope: '*' })).body['error']).toBe('invalid_scope')
  })
})

describe('a sign-in by password', () => {
  const ask = (who: TestUser, by: TestClient): Promise<JsonResponse> =>
    fetchJson(server, '/oauth/token', {
      method: 'POST',
      headers: { 'user-agent': 'Orchard/2.1 (iPhone; iOS 19)' },
      body: formBody({ client_id: by.id, ...credentials(who) }),
    })

  test('is listed as a session with its name and address, and can be revoked', async () => {
    const newUser = await server.addUser()
    const { body } = await ask(newUser, app)
    const [token, refreshToken] = [String(body['access_token']), String(body['refresh_token'])]
    const sessions = await server.server.sessions.list(newUser.id)
    expect(sessions).toMatchObject([{ deviceName: 'iPhone', address: '127.0.0.1' }])
    expect(claimOf(token, 'sid')).toBe(sessions[0]?.id)
    expect(heard('session.started').at(-1)?.payload).toMatchObject({ sessionId: sessions[0]?.id })
    expect((await callApi(server, '/me', token)).status).toBe(200)
    expect(await server.server.sessions.revoke(String(sessions[0]?.id))).toBe(true)
    expect((await callApi(server, '/me', token)).status).toBe(401)
    expect((await refresh({ server, client: app }, refreshToken)).body['error']).toBe('invalid_grant')
    expect(await server.server.sessions.list(newUser.id)).toEqual([])
  })

  test('is listed as long as it can be refreshed', async () => {
    const newUser = await server.addUser()
    await ask(newUser, app)
    server.clock.advance('29d')
    expect(await server.server.sessions.list(newUser.id)).toHaveLength(1)
    server.clock.advance('2d')
    expect(await server.server.sessions.list(newUser.id)).toEqual([])
  })

  test('is an authorization that can be revoked alone', async () => {
    const newUser = await server.addUser()
    const { body } = await ask(newUser, app)
    const [authorization] = await server.server.authorizations.list(newUser.id)
    await server.server.authorizations.revoke(String(authorization?.id))
    expect((await callApi(server, '/me', String(body['access_token']))).status).toBe(401)
  })

  test('starts no session for a client that outlives sessions', async () => {
    const newUser = await server.addUser()
    const lasting = await server.addClient({ grantTypes, type: 'public', endsWithSession: false })
    const { body } = await ask(newUser, lasting)
    expect(await server.server.sessions.list(newUser.id)).toEqual([])
    expect(claimOf(String(body['access_token']), 'sid')).toBe('undefined')
  })

  test('is revoked together with everything else of the user', async () => {
    const newUser = await server.addUser()
    const { body } = await ask(newUser, app)
    await server.server.users.signOutEverywhere(newUser.id)
    expect((await callApi(server, '/me', String(body['access_token']))).status).toBe(401)
  })
})

describe('users of another provider', () => {
  let shop: TestClient
  beforeAll(async () => void (shop = await server.addClient({ grantTypes, provider: 'customers' })))

  const cora = { email: 'cora@example.com', password: 'customer c', id: 'c' }

  test('can sign in to clients of their provider, with the right subject', async () => {
    const { access_token: token } = await getTokens(server, shop, credentials(cora))
    expect([claimOf(token, 'sub'), claimOf(token, 'provider')]).toEqual(['customers:c', 'customers'])
    expect((await callApi(server, '/me', token)).status).toBe(401)
  })

  test('cannot sign in to clients of another provider', async () => {
    for (const [who, by] of [
      [cora, client],
      [user, shop],
    ] as const)
      expect((await signIn(who, by)).body['error']).toBe('invalid_grant')
  })

  test('are throttled separately for the same user name', async () => {
    const ada = { id: '1', email: 'ada@example.com', password: 'a wrong password' }
    for (let count = 0; count < 3; count += 1) expect((await signIn(ada, client)).status).toBe(400)
    expect((await signIn(ada, client)).status).toBe(429)
    expect((await signIn({ ...ada, password: 'customer 1' }, shop)).status).toBe(200)
  })
})

describe('a custom lookup and password check', () => {
  const asked: unknown[] = []
  const ownGrant = passwordGrant({
    findByUsername: async (username, { id, provider }) => {
      asked.push(['find', id, provider])
      const ids: Readonly<Record<string, string>> = { '0049': 'c', '0050': 'gone' }
      const found = ids[username]
      return found === undefined ? undefined : { id: found }
    },
    verifyPassword: async (user, password, { id }) => {
      asked.push(['verify', id, user?.id])
      return user !== undefined && password === '4711'
    },
  })

  test('replace those of the provider and receive the client; the check also runs for unknown users', async () => {
    await using own = await startServer({ grants: [ownGrant], users: customerProvider as never })
    const phone = await own.addClient({ grantTypes: ['password'] })
    const ask = (username: string): Promise<JsonResponse> =>
      requestToken(own, phone, { grant_type: 'password', username, password: '4711' })
    const found = ['find', phone.id, 'users']
    expect((await ask('0049')).status).toBe(200)
    expect(asked.splice(0)).toEqual([found, found, ['verify', phone.id, 'c']])
    expect((await ask('0051')).body['error']).toBe('invalid_grant')
    expect(asked.splice(0)).toEqual([found, found, ['verify', phone.id, undefined]])
    // A user that the provider does not know could not refresh, and may belong to another provider.
    expect((await ask('0050')).body['error']).toBe('invalid_grant')
  })
})

describe('a password that changes while it is checked', () => {
  test('gets no token, counts as one attempt and is not checked again', async () => {
    let checks = 0
    const endsEverything = passwordGrant({
      verifyPassword: async (user) => {
        checks += 1
        // The password changes after this one was found right.
        await racy.server.users.signOutEverywhere(String(user?.id))
        return true
      },
    })
    const throttle = { perAccount: { failures: 2, window: '5m' } as const }
    await using racy = await startServer({ grants: [endsEverything, refreshToken()], throttle })
    const newUser = await racy.addUser()
    const old = await racy.addClient({ grantTypes })
    const { status, body } = await requestToken(racy, old, credentials(newUser))
    expect([status, body]).toEqual([
      400,
      { error: 'invalid_grant', error_description: 'The user credentials were incorrect' },
    ])
    expect(checks).toBe(1)
    expect(await racy.server.sessions.list(newUser.id)).toEqual([])
    expect(await racy.server.authorizations.list(newUser.id)).toEqual([])
  })
})

describe('without the grant', () => {
  test('is an unsupported grant type and not in the metadata', async () => {
    await using plain = await startServer()
    const old = await plain.addClient({ grantTypes })
    const { status, body } = await requestToken(plain, old, credentials(await plain.addUser()))
    expect([status, body['error']]).toEqual([400, 'unsupported_grant_type'])
    const { body: metadata } = await fetchJson(plain, '/.well-known/oauth-authorization-server')
    expect(metadata['grant_types_supported']).not.toContain('password')
    expect(plain.logs.join('')).not.toContain('Insecure grant')
  })

  test('logs a warning once, with the alternative, if it is configured', async () => {
    await server.server.ready()
    const lines = server.logs.filter((line) => line.includes('Insecure grant is enabled'))
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        level: 'warn',
        grant: 'password',
        reason: expect.any(String) as unknown,
        replacement: expect.any(String) as unknown,
      },
    ])
    const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
    expect(body['grant_types_supported']).toContain('password')
  })
})
