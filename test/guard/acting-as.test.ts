import { afterAll, beforeEach, expect, test } from 'vitest'
import { createTestGuard, type TestGuard } from '../../src/testing/index.ts'
import type { TestScope } from '../support/config.ts'
import { claimOf, getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { serveGuardedApi, startTwoProviders, codeFlowOf } from '../support/providers.ts'
import type { ProviderName } from '../support/providers.ts'

/*
 * The guard for the tests of applications, beside the guards of a server: the same people, clients and scopes, with real
 * tokens on the one side and by word alone on the other. Every answer must be the same to the letter, but for the realm
 * and for ids that are made up anew each time.
 */
const two = await startTwoProviders()
const { server, sides } = two
const guard: TestGuard<TestScope, 'users'> = createTestGuard<TestScope>()
const real = {
  users: await serveGuardedApi(server.server),
  customers: await serveGuardedApi(server.server.for('customers')),
}
const acted = {
  users: await serveGuardedApi(guard),
  customers: await serveGuardedApi(guard.for('customers')),
}
beforeEach(() => guard.actingAsGuest())
afterAll(async () => {
  for (const { close } of [...Object.values(real), ...Object.values(acted)]) close()
  await two[Symbol.asyncDispose]()
})

const PATHS = ['/me', '/orders', '/machine', '/machine/orders', '/anyone']
type Scopes = readonly (TestScope | '*')[]

const machine = await server.addClient({
  grantTypes: ['client_credentials'],
  scopes: ['orders:read', 'orders:create', 'profile', '*'],
})

/** Gets a user's token for a client, and makes the test guard act as the same. */
const user = (name: ProviderName, scopes: Scopes) => async (): Promise<string> => {
  const { client, user: somebody } = sides[name]
  const scope = scopes.join(' ')
  const { access_token: token } = await getCodeFlowTokens(codeFlowOf(two, sides[name]), { scope })
  guard.actingAs({ id: somebody.id, provider: name }, scopes, { client, sessionId: claimOf(token, 'sid') })
  return token
}

/** The same with a personal access token, which belongs to no client and to no session. */
const script = (name: ProviderName, scopes: Scopes) => async (): Promise<string> => {
  const user = { id: sides[name].user.id, provider: name }
  const { accessToken } = await server.server.personalTokens.create(user, { name: 'Script', scopes })
  server.knownSecrets.add('access token', accessToken)
  guard.actingAs(user, scopes, { client: 'personal-access' })
  return accessToken
}

const client = (scopes: Scopes) => async (): Promise<string> => {
  const scope = scopes.length > 0 ? scopes.join(' ') : undefined
  const tokens = await getTokens(server, machine, { grant_type: 'client_credentials', scope })
  guard.actingAsClient(machine, scopes)
  return tokens.access_token
}

/** All that an API answers, but for what no two answers have in common. */
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

const REFUSED = '401 401 401 401 401'

test.each([
  ['a user with the scope of a route', user('users', ['orders:read']), `200 200 401 401 200 ${REFUSED}`],
  ['with several', user('users', ['orders:create', 'orders:read']), `200 200 401 401 200 ${REFUSED}`],
  ['with another', user('users', ['orders:create']), `200 403 401 401 200 ${REFUSED}`],
  ['with none that is asked for', user('users', ['profile']), `200 403 401 401 403 ${REFUSED}`],
  ['with every scope', script('users', ['*']), `200 200 401 401 200 ${REFUSED}`],
  ['by a script', script('users', ['profile']), `200 403 401 401 403 ${REFUSED}`],
  ['of another provider', user('customers', ['orders:read']), `${REFUSED} 200 200 401 401 200`],
  ['of another, with every scope', script('customers', ['*']), `${REFUSED} 200 200 401 401 200`],
  ['a client with the scope', client(['orders:read']), '401 401 200 200 200 401 401 200 200 200'],
  ['with another scope', client(['profile']), '401 401 200 403 403 401 401 200 403 403'],
  ['with every scope', client(['*']), '401 401 200 200 200 401 401 200 200 200'],
  ['without any', client([]), '401 401 200 403 403 401 401 200 403 403'],
])('%s gets the same answers from both: %#', async (_name, actAs, statuses) => {
  const expected = await askAll(real, `Bearer ${await actAs()}`)
  expect(statusesOf(expected)).toBe(statuses)
  expect(await askAll(acted)).toEqual(expected)
})

test.each([
  undefined,
  '',
  'Basic YTpi',
  'Bearer',
  'Bearer ',
  'bearer nonsense',
  `Bearer ${'a'.repeat(12_000)}`,
])('nobody gets the same answers from both: %s', async (authorization) => {
  const expected = await askAll(real, authorization)
  expect(statusesOf(expected)).toBe(`${REFUSED} ${REFUSED}`)
  expect(await askAll(acted, authorization)).toEqual(expected)
})

test('what one of them takes for a token, the other does not', async () => {
  const token = await user('users', ['orders:read'])()
  const made = guard.tokenFor(sides.users.user, ['orders:read'])
  expect([
    statusesOf(await askAll(real, `Bearer ${made}`)),
    statusesOf(await askAll(acted, `Bearer ${token}`)),
  ]).toEqual(Array(2).fill(`${REFUSED} ${REFUSED}`))
  expect(statusesOf(await askAll(acted, `bearer ${made}`))).toBe(`200 200 401 401 200 ${REFUSED}`)
})
