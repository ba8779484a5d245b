import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuard } from '../../src/guard/standalone.ts'
import { ConfigError, silentLogger } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import type { TestScope } from '../support/config.ts'
import { createUserTable } from '../support/user-table.ts'
import {
  callApi,
  requestToken,
  authorizationUrl,
  claimOf,
  getCode,
  getTokens,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import type { Tokens, CodeFlow } from '../support/oauth-client.ts'
import { serveGuardedApi, startTwoProviders, codeFlowOf } from '../support/providers.ts'
import type { ProviderSetup, ProviderName } from '../support/providers.ts'
import { startServer } from '../support/server.ts'
import type { TestUser } from '../support/server.ts'

const two = await startTwoProviders()
const { server, sides } = two
afterAll(() => two[Symbol.asyncDispose]())

const NAMES = ['users', 'customers'] as const
const otherThan = (name: ProviderName): ProviderName => (name === 'users' ? 'customers' : 'users')

/** Creates a user on each side for one test, both with the same ID and name. */
async function createTwins(): Promise<Readonly<Record<ProviderName, ProviderSetup>>> {
  const created = await two.addUsersWithSameId()
  return {
    users: { ...sides.users, user: created.users },
    customers: { ...sides.customers, user: created.customers },
  }
}

/** A user with tokens, in a browser that stays signed in. */
interface SignedIn {
  readonly visit: CodeFlow
  readonly tokens: Tokens
}

async function signIn(side: ProviderSetup, browser?: Browser): Promise<SignedIn> {
  const visit = codeFlowOf(two, side, browser)
  return { visit, tokens: await getCodeFlowTokens(visit) }
}

/** Returns whether the access token, the refresh token and the browser still work. */
async function stateOf(side: ProviderSetup, { visit, tokens }: SignedIn): Promise<readonly boolean[]> {
  const api = await side.callApi('/me', tokens.access_token)
  const again = await refresh(visit, tokens.refresh_token)
  const page = await visit.browser.open(side.signIn)
  return [api.status === 200, again.status === 200, page.text.includes("You're signed in")]
}

const WORKING = [true, true, true]
const REVOKED = [false, false, false]

describe('users with the same id and user name at two providers', () => {
  test.each(NAMES)('%s sign in on their own page with their own password', async (name) => {
    const [mine, theirs] = [sides[name], sides[otherThan(name)]]
    const browser = openBrowser(server)
    const wrong = await browser.signIn(await browser.open(mine.signIn), theirs.user)
    expect([wrong.status, wrong.url.href]).toEqual([403, mine.signIn])
    const right = await browser.signIn(wrong, mine.user)
    expect(right.text).toContain("You're signed in")
    expect((await browser.open(theirs.signIn)).text).not.toContain("You're signed in")
  })

  test.each(NAMES)(
    "a client of %s redirects to that provider's page, and signs in its users only",
    async (name) => {
      const [mine, theirs] = [sides[name], sides[otherThan(name)]]
      const browser = openBrowser(server)
      await browser.signIn(await browser.open(theirs.signIn), theirs.user)
      const page = await browser.open(authorizationUrl(server, mine.client, { scope: 'orders:read' }))
      expect(page.url.origin + page.url.pathname).toBe(mine.signIn)
      expect((await browser.signIn(page, theirs.user)).status).toBe(403)
      const silent = await browser.open(authorizationUrl(server, mine.client, { prompt: 'none' }))
      expect(silent.url.searchParams.get('error')).toBe('login_required')
    },
  )

  test('can both be signed in in one browser, and sign out separately', async () => {
    for (const name of NAMES) {
      const [mine, theirs] = [sides[name], sides[otherThan(name)]]
      const browser = openBrowser(server)
      const [leaving, staying] = [await signIn(mine, browser), await signIn(theirs, browser)]
      expect((await browser.open(mine.signIn)).text).toContain("You're signed in")
      await browser.press(await browser.open(mine.signOut), 'Sign out')
      expect(await stateOf(mine, leaving)).toEqual(REVOKED)
      expect(await stateOf(theirs, staying)).toEqual(WORKING)
    }
  })

  test('have different subs in their tokens, and the same id for their own API', async () => {
    const tokens = { users: await signIn(sides.users), customers: await signIn(sides.customers) }
    const { id } = sides.users.user
    expect(claimOf(tokens.users.tokens.access_token, 'sub')).toBe(id)
    expect(claimOf(tokens.customers.tokens.access_token, 'sub')).toBe(`customers:${id}`)
    for (const name of NAMES) {
      const { body } = await sides[name].callApi('/me', tokens[name].tokens.access_token)
      const sub = claimOf(tokens[name].tokens.access_token, 'sub')
      expect(body['user']).toEqual({ id, provider: name, sub })
    }
  })

  test('a refresh keeps its provider', async () => {
    for (const name of NAMES) {
      const { visit, tokens } = await signIn(sides[name])
      const { body } = await refresh(visit, tokens.refresh_token)
      const renewed = String(body['access_token'])
      expect(claimOf(renewed, 'provider')).toBe(name)
      expect(claimOf(renewed, 'sub')).toBe(claimOf(tokens.access_token, 'sub'))
      expect((await sides[name].callApi('/me', renewed)).status).toBe(200)
      expect((await sides[otherThan(name)].callApi('/me', renewed)).status).toBe(401)
    }
  })
})

describe("a token of one provider gets 401 at the other's guard, with the same id", () => {
  const alone = createGuard<TestScope>({
    issuer: server.issuer,
    revocations: 'none',
    logger: silentLogger,
  })
  const followed: { close(): void }[] = []
  const apis: Record<
    string,
    Readonly<Record<ProviderName, (path: string, token: string) => Promise<number>>>
  > = {}

  beforeAll(async () => {
    const remote = {
      users: await serveGuardedApi(alone),
      customers: await serveGuardedApi(alone.for('customers')),
    }
    followed.push(remote.users, remote.customers)
    const askAt = (origin: string) => async (path: string, token: string) =>
      (await callApi({ ...server, origin }, path, token)).status
    const fetched =
      (guarded: Pick<typeof server.server, 'user' | 'anyone'>) => async (path: string, token: string) => {
        const request = new Request(server.issuer, { headers: { authorization: `Bearer ${token}` } })
        const response = await (path === '/me' ? guarded.user() : guarded.anyone())(request)
        return response instanceof Response ? response.status : 200
      }
    apis['node:http'] = {
      users: async (path, token) => (await sides.users.callApi(path, token)).status,
      customers: async (path, token) => (await sides.customers.callApi(path, token)).status,
    }
    apis['fetch'] = { users: fetched(server.server), customers: fetched(server.server.for('customers')) }
    apis['the named guard of the default provider'] = {
      users: fetched(server.server.for('users')),
      customers: fetched(server.server.for('customers')),
    }
    apis['another service'] = { users: askAt(remote.users.origin), customers: askAt(remote.customers.origin) }
  })
  afterAll(() => {
    alone.close()
    for (const { close } of followed) close()
  })

  test.each(['node:http', 'fetch', 'the named guard of the default provider', 'another service'])(
    'of %s, for users and for anyone',
    async (kind) => {
      const api = apis[kind]
      for (const name of NAMES) {
        const { tokens } = await signIn(sides[name])
        for (const path of ['/me', '/anyone']) {
          expect(await api?.[name](path, tokens.access_token)).toBe(200)
          expect(await api?.[otherThan(name)](path, tokens.access_token)).toBe(401)
        }
      }
    },
  )

  test('says that the token is invalid, but not whose it is', async () => {
    const { tokens } = await signIn(sides.customers)
    const { body, headers } = await sides.users.callApi('/me', tokens.access_token)
    expect(body).toEqual({ error: 'invalid_token', error_description: 'Invalid token' })
    expect(headers.get('www-authenticate')).not.toContain('customers')
  })

  test('machine tokens have no provider: both guards accept them', async () => {
    for (const provider of NAMES) {
      const grantTypes = ['client_credentials']
      const machine = await server.addClient({ grantTypes, provider, scopes: ['orders:read'] })
      const tokens = await getTokens(server, machine, {
        grant_type: 'client_credentials',
        scope: 'orders:read',
      })
      for (const name of NAMES) {
        expect((await sides[name].callApi('/machine', tokens.access_token)).status).toBe(200)
        expect((await sides[name].callApi('/me', tokens.access_token)).status).toBe(401)
      }
    }
  })
})

describe('revoking the sign-ins of one does not affect the other', () => {
  const ref = (side: ProviderSetup) => ({ id: side.user.id, provider: side.name })
  const { sessions, authorizations, users } = server.server
  const ways: Readonly<Record<string, (side: ProviderSetup) => Promise<unknown>>> = {
    'signing out everywhere': (side) => users.signOutEverywhere(ref(side)),
    'a new password': (side) =>
      users.setPassword(ref(side), server.knownSecrets.add('password', 'an entirely new horse')),
    'revoking every listed session': async (side) => {
      const those = await sessions.list(ref(side))
      expect(those.map(({ provider }) => provider)).toEqual([side.name])
      for (const { id } of those) await sessions.revoke(id)
    },
  }

  describe.each(Object.entries(ways))('%s', (_way, end) => {
    test.each(NAMES)('for %s', async (name) => {
      const pair = await createTwins()
      const guests = { users: await signIn(pair.users), customers: await signIn(pair.customers) }
      await end(pair[name])
      expect(await stateOf(pair[name], guests[name])).toEqual(REVOKED)
      expect(await stateOf(pair[otherThan(name)], guests[otherThan(name)])).toEqual(WORKING)
    })
  })

  test.each(NAMES)('revoking every listed authorization of %s', async (name) => {
    const pair = await createTwins()
    const guests = { users: await signIn(pair.users), customers: await signIn(pair.customers) }
    const those = await authorizations.list(ref(pair[name]))
    expect(those.map(({ provider, clientId }) => [provider, clientId])).toEqual([
      [name, pair[name].client.id],
    ])
    for (const { id } of those) await authorizations.revoke(id)
    expect(await stateOf(pair[name], guests[name])).toEqual([false, false, true])
    expect(await stateOf(pair[otherThan(name)], guests[otherThan(name)])).toEqual(WORKING)
  })

  test.each(NAMES)('disconnecting an app of %s', async (name) => {
    const pair = await createTwins()
    const guests = { users: await signIn(pair.users), customers: await signIn(pair.customers) }
    const [mine, theirs] = [pair[name], pair[otherThan(name)]]
    const { exchange } = await getCode(guests[name].visit)
    await authorizations.disconnect(ref(theirs), mine.client.id)
    expect(await stateOf(mine, guests[name])).toEqual(WORKING)
    const owner = { provider: name, userId: mine.user.id }
    expect(await server.store.consents.find(owner, mine.client.id)).toEqual(['orders:read'])
    expect((await requestToken(server, mine.client, exchange)).status).toBe(200)
    await authorizations.disconnect(ref(mine), mine.client.id)
    expect(await stateOf(mine, guests[name])).toEqual([false, false, true])
    expect(await stateOf(theirs, guests[otherThan(name)])).toEqual(WORKING)
  })

  test('the default provider is meant if none is named', async () => {
    const pair = await createTwins()
    const guests = { users: await signIn(pair.users), customers: await signIn(pair.customers) }
    await users.signOutEverywhere(pair.users.user.id)
    expect(await stateOf(pair.users, guests.users)).toEqual(REVOKED)
    expect(await stateOf(pair.customers, guests.customers)).toEqual(WORKING)
  })

  test('naming an unknown provider is an error and revokes nothing', async () => {
    const pair = await createTwins()
    const guest = await signIn(pair.users)
    const row = { id: pair.users.user.id, provider: 'google' }
    const tries = [
      users.signOutEverywhere(row),
      users.setPassword(row, 'correct horse battery'),
      sessions.list(row),
      authorizations.list(row),
      authorizations.disconnect(row, pair.users.client.id),
    ]
    for (const outcome of await Promise.allSettled(tries)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { constructor: ConfigError } })
    }
    expect(await stateOf(pair.users, guest)).toEqual(WORKING)
  })
})

describe('a user who was deleted at one provider', () => {
  test('fails at the next refresh, and the other user with this id does not', async () => {
    const pair = await createTwins()
    const guests = { users: await signIn(pair.users), customers: await signIn(pair.customers) }
    two.customers.users.delete(pair.customers.user.id)
    const { status, body } = await refresh(guests.customers.visit, guests.customers.tokens.refresh_token)
    expect([status, body['error']]).toEqual([400, 'invalid_grant'])
    expect(await stateOf(pair.users, guests.users)).toEqual(WORKING)
  })

  test('and vice versa', async () => {
    const pair = await createTwins()
    const guests = { users: await signIn(pair.users), customers: await signIn(pair.customers) }
    await server.store.users.update(pair.users.user.id, { disabledAt: server.clock.now() })
    const { body } = await refresh(guests.users.visit, guests.users.tokens.refresh_token)
    expect(body['error']).toBe('invalid_grant')
    expect(await stateOf(pair.customers, guests.customers)).toEqual(WORKING)
  })

  test('cannot redeem a code either', async () => {
    const pair = await createTwins()
    const visit = codeFlowOf(two, pair.customers)
    const { exchange } = await getCode(visit)
    two.customers.users.delete(pair.customers.user.id)
    expect((await requestToken(server, visit.client, exchange)).body['error']).toBe('invalid_grant')
  })
})

test('consent is remembered for the user who gave it only', async () => {
  const pair = await createTwins()
  await signIn(pair.customers)
  const { client, user } = pair.customers
  const allowed = (provider: string) => server.store.consents.find({ provider, userId: user.id }, client.id)
  expect(await allowed('customers')).toEqual(['orders:read'])
  expect(await allowed('users')).toBeUndefined()
})

test('wrong passwords for a name at one provider do not block the other', async () => {
  const pair = await createTwins()
  const browser = openBrowser(server)
  const page = await browser.open(pair.customers.signIn)
  for (let tries = 0; tries < 10; tries += 1)
    expect((await browser.signIn(page, { ...pair.customers.user, password: 'wrong' })).status).toBe(403)
  expect((await browser.signIn(page, pair.customers.user)).status).toBe(429)
  const other = openBrowser(server)
  const own = await other.signIn(await other.open(pair.users.signIn), pair.users.user)
  expect(own.text).toContain("You're signed in")
})

test("an id with a colon is not treated as another provider's user", async () => {
  const [staff, shoppers] = [createUserTable(), createUserTable()]
  const password = 'correct horse battery'
  const ids = { users: 'customers:42', customers: '42' } as const
  const created: Record<ProviderName, TestUser> = {
    users: { id: ids.users, email: 'ada@example.com', password },
    customers: { id: ids.customers, email: 'ada@example.com', password },
  }
  staff.users.set(ids.users, created.users)
  shoppers.users.set(ids.customers, created.customers)
  await using own = await startServer({
    users: staff.provider,
    providers: { customers: shoppers.provider },
  })
  const visits: Record<ProviderName, CodeFlow> = {
    users: { server: own, browser: openBrowser(own), client: await own.addClient(), user: created.users },
    customers: {
      server: own,
      browser: openBrowser(own),
      client: await own.addClient({ provider: 'customers' }),
      user: created.customers,
    },
  }
  const tokens = {
    users: await getCodeFlowTokens(visits.users),
    customers: await getCodeFlowTokens(visits.customers),
  }
  expect(claimOf(tokens.users.access_token, 'sub')).toBe('users:customers:42')
  expect(claimOf(tokens.customers.access_token, 'sub')).toBe('customers:42')
  expect((await callApi(own, '/me', tokens.users.access_token)).body['user']).toMatchObject({ id: ids.users })
  await own.server.users.signOutEverywhere(ids.users)
  expect((await refresh(visits.users, tokens.users.refresh_token)).status).toBe(400)
  expect((await refresh(visits.customers, tokens.customers.refresh_token)).status).toBe(200)
})

describe('a client', () => {
  test('cannot be registered for an unknown provider', async () => {
    await expect(server.addClient({ provider: 'custmers' })).rejects.toThrow(ConfigError)
  })

  test('keeps its provider, which is the default one if none is named', async () => {
    const found = async (name: ProviderName) =>
      (await server.server.clients.find(sides[name].client.id))?.provider
    expect([await found('users'), await found('customers')]).toEqual(['users', 'customers'])
  })
})

test('a guard for an unknown provider is an error', () => {
  expect(() => server.server.for('custmers')).toThrow(ConfigError)
})

describe('after a provider is removed from the configuration', () => {
  const machine = { grantTypes: ['client_credentials'], scopes: ['orders:read'], provider: 'customers' }

  test('its sessions, clients and tokens are rejected, without a server error', async () => {
    const guest = await signIn(sides.customers)
    const { visit, tokens } = guest
    const { exchange } = await getCode(visit)
    const url = authorizationUrl(server, visit.client, { scope: 'profile', prompt: 'consent' })
    const consent = await visit.browser.open(url)
    const importer = await server.addClient(machine)
    const others = await signIn(sides.users)

    await using rest = await startServer({ file: server.file, issuer: server.issuer })
    const browser = openBrowser({ ...rest, formOrigin: server.origin })
    for (const [name, value] of visit.browser.cookies) browser.setCookie(name, value)
    for (const path of ['/login/customers', '/logout/customers'])
      expect((await browser.open(rest.endpoint(path))).status).toBe(404)
    expect((await browser.open(rest.endpoint('/login'))).text).not.toContain("You're signed in")
    expect((await browser.open(authorizationUrl(rest, visit.client))).status).toBe(400)
    const url400 = { ...consent, url: new URL(rest.endpoint('/oauth/authorize')) }
    expect((await browser.press(url400, 'Allow')).status).toBe(400)

    const responses = [
      await requestToken(rest, visit.client, exchange),
      await refresh({ server: rest, client: visit.client }, tokens.refresh_token),
      await requestToken(rest, importer, { grant_type: 'client_credentials' }),
    ]
    expect(responses.map(({ status, body }) => [status, body['error']])).toEqual(
      responses.map(() => [401, 'invalid_client']),
    )
    for (const path of ['/me', '/anyone'])
      expect((await callApi(rest, path, tokens.access_token)).status).toBe(401)
    expect((await callApi(rest, '/me', others.tokens.access_token)).status).toBe(200)
    expect(rest.logs.filter((line) => line.includes('"level":"error"'))).toEqual([])
  })

  test('they work again after it is added back', async () => {
    const guest = await signIn(sides.customers)
    const rest = await startServer({ file: server.file, issuer: server.issuer })
    await refresh({ server: rest, client: guest.visit.client }, guest.tokens.refresh_token)
    await rest.close()
    expect(await stateOf(sides.customers, guest)).toEqual(WORKING)
  })
})

test('with both signed in, each client gets the user of its own provider', async () => {
  const browser = openBrowser(server)
  for (const name of NAMES) await browser.signIn(await browser.open(sides[name].signIn), sides[name].user)
  for (const name of NAMES) {
    const { exchange } = await getCode(codeFlowOf(two, sides[name], browser))
    const tokens = await getTokens(server, sides[name].client, exchange)
    expect(claimOf(tokens.access_token, 'provider')).toBe(name)
  }
})
