import { afterAll, beforeEach, expect, test } from 'vitest'
import { createTestGuard, type TestGuard } from '../../src/testing/index.ts'
import type { TestScope } from '../support/config.ts'
import { claimOf, getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { serveGuardedApi, startTwoProviders, codeFlowOf } from '../support/providers.ts'
import type { ProviderName } from '../support/providers.ts'

/*
 * Compares the test guard with the guards of a real server, with the same users, clients and scopes. Their responses must be
 * equal, except for the realm and random IDs.
 */
const two = await startTwoProviders()
const { server, sides } = two
const guard: TestGuard<TestScope, 'users'> = createTestGuard<TestScope>()
const real = {
  users: await serveGuardedApi(server.server),
  customers: await serveGuardedApi(server.server.for('customers')),
}
const testing = {
  users: await serveGuardedApi(guard),
  customers: await serveGuardedApi(guard.for('customers')),
}
beforeEach(() => guard.actingAsGuest())
afterAll(async () => {
  for (const { close } of [...Object.values(real), ...Object.values(testing)]) close()
  await two[Symbol.asyncDispose]()
})

const PATHS = ['/me', '/orders', '/machine', '/machine/orders', '/anyone']
type Scopes = readonly (TestScope | '*')[]

const machine = await server.addClient({
  grantTypes: ['client_credentials'],
  scopes: ['orders:read', 'orders:create', 'profile', '*'],
})

/** Gets a user's token, and makes the test guard act as the same user. */
const asUser = (name: ProviderName, scopes: Scopes) => async (): Promise<string> => {
  const { client, user } = sides[name]
  const scope = scopes.join(' ')
  const { access_token: token } = await getCodeFlowTokens(codeFlowOf(two, sides[name]), { scope })
  guard.actingAs({ id: user.id, provider: name }, scopes, { client, sessionId: claimOf(token, 'sid') })
  return token
}

/** The same with a personal access token, which has no client and no session. */
const withPersonalToken = (name: ProviderName, scopes: Scopes) => async (): Promise<string> => {
  const user = { id: sides[name].user.id, provider: name }
  const { accessToken } = await server.server.personalTokens.create(user, { name: 'Script', scopes })
  server.knownSecrets.add('access token', accessToken)
  guard.actingAs(user, scopes, { client: 'personal-access' })
  return accessToken
}

const asClient = (scopes: Scopes) => async (): Promise<string> => {
  const scope = scopes.length > 0 ? scopes.join(' ') : undefined
  const tokens = await getTokens(server, machine, { grant_type: 'client_credentials', scope })
  guard.actingAsClient(machine, scopes)
  return tokens.access_token
}

/** Returns the response of an API, without its random parts. */
async function ask(origin: string, path: string, authorization?: string): Promise<unknown> {
  const response = await fetch(
    origin + path,
    authorization === undefined ? {} : { headers: { authorization } },
  )
  const headers = [...response.headers].filter(([name]) => !['date', 'content-length'].includes(name))
  const text = (await response.text())
    .replaceAll(/"(tokenId|authorizationId)":"[\w-]+(\.?)[\w-]*"/g, '"$1":"…$2…"')
    .replace(/"expiresAt":\d{10}000/, '"expiresAt":…')
  const realm = /realm="(http:\/\/127\.0\.0\.1:\d+|https:\/\/issuer\.test)"/
  return {
    status: response.status,
    headers: headers.map(([, value]) => value.replace(realm, 'realm="…"')),
    text,
  }
}

type Answers = Readonly<Record<string, unknown>>

async function askAll(apis: typeof real, authorization?: string): Promise<Answers> {
  const all = Object.entries(apis).flatMap(([name, { origin }]) =>
    PATHS.map(async (path) => [name + path, await ask(origin, path, authorization)] as const),
  )
  return Object.fromEntries(await Promise.all(all))
}

const statusesOf = (answers: Answers): string =>
  Object.values(answers)
    .map((answer) => (answer as { status: number }).status)
    .join(' ')

const ALL_401 = '401 401 401 401 401'

test.each([
  ['a user with the scope of a route', asUser('users', ['orders:read']), `200 200 401 401 200 ${ALL_401}`],
  [
    'a user with several scopes',
    asUser('users', ['orders:create', 'orders:read']),
    `200 200 401 401 200 ${ALL_401}`,
  ],
  ['a user with another scope', asUser('users', ['orders:create']), `200 403 401 401 200 ${ALL_401}`],
  ['a user without the scopes', asUser('users', ['profile']), `200 403 401 401 403 ${ALL_401}`],
  ['a personal token with every scope', withPersonalToken('users', ['*']), `200 200 401 401 200 ${ALL_401}`],
  ['a personal token', withPersonalToken('users', ['profile']), `200 403 401 401 403 ${ALL_401}`],
  ['a user of another provider', asUser('customers', ['orders:read']), `${ALL_401} 200 200 401 401 200`],
  [
    "another provider's personal token",
    withPersonalToken('customers', ['*']),
    `${ALL_401} 200 200 401 401 200`,
  ],
  ['a client with the scope', asClient(['orders:read']), '401 401 200 200 200 401 401 200 200 200'],
  ['a client with another scope', asClient(['profile']), '401 401 200 403 403 401 401 200 403 403'],
  ['a client with every scope', asClient(['*']), '401 401 200 200 200 401 401 200 200 200'],
  ['a client without scopes', asClient([]), '401 401 200 403 403 401 401 200 403 403'],
])('%s gets the same responses from both', async (_name, actAs, statuses) => {
  const expected = await askAll(real, `Bearer ${await actAs()}`)
  expect(statusesOf(expected)).toBe(statuses)
  expect(await askAll(testing)).toEqual(expected)
})

test.each([
  ['no header', undefined],
  ['an empty header', ''],
  ['another scheme', 'Basic YTpi'],
  ['no token', 'Bearer'],
  ['an empty token', 'Bearer '],
  ['an invalid token', 'bearer nonsense'],
  ['a long token', `Bearer ${'a'.repeat(12_000)}`],
])('a request with %s gets the same responses from both', async (_name, authorization) => {
  const expected = await askAll(real, authorization)
  expect(statusesOf(expected)).toBe(`${ALL_401} ${ALL_401}`)
  expect(await askAll(testing, authorization)).toEqual(expected)
})

test('neither accepts a token of the other', async () => {
  const token = await asUser('users', ['orders:read'])()
  const testToken = guard.tokenFor(sides.users.user, ['orders:read'])
  expect([
    statusesOf(await askAll(real, `Bearer ${testToken}`)),
    statusesOf(await askAll(testing, `Bearer ${token}`)),
  ]).toEqual(Array(2).fill(`${ALL_401} ${ALL_401}`))
  expect(statusesOf(await askAll(testing, `bearer ${testToken}`))).toBe(`200 200 401 401 200 ${ALL_401}`)
})
