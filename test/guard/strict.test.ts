import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { createGuard } from '../../src/guard/standalone.ts'
import { openBrowser } from '../support/browser.ts'
import { claimOf, getCodeFlowTokens, getTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { recordStatements } from '../support/statements.ts'

const revocations = { pollInterval: '1h', maxStaleness: '2h' } as const
const home = await startServer({ revocations })
/** Another node, which reads no revocation by itself during these tests. */
const node = await startServer({ revocations, issuer: home.issuer, file: home.file })
const strictNode = await startServer({
  revocations: { ...revocations, strict: true },
  issuer: home.issuer,
  file: home.file,
})
const [user, client] = [await home.addUser(), await home.addClient()]
afterAll(async () => {
  await strictNode.close()
  await node.close()
  await home.close()
})

type Scopes = Parameters<TestServer['server']['anyone']>

/** Returns `200`, or the status and what is wrong. */
async function outcome({ server }: TestServer, token: string, ...scopes: Scopes): Promise<string> {
  const headers = { authorization: `Bearer ${token}` }
  const result = await server.anyone(...scopes)(new Request('http://localhost/', { headers }))
  if (!(result instanceof Response)) return '200'
  const body = (await result.json()) as { readonly error_description: string }
  return `${result.status} ${body.error_description}`
}

const signIn = () => getCodeFlowTokens({ server: home, browser: openBrowser(home), client, user })

/** Signs a new user in at another server. */
async function getAccessToken(server: TestServer): Promise<string> {
  const visit = { server, browser: openBrowser(server), client: await server.addClient() }
  return (await getCodeFlowTokens({ ...visit, user: await server.addUser() })).access_token
}

type Revoke = (server: TestServer['server'], token: string, clientId: string) => Promise<unknown>

const REVOCATIONS: readonly (readonly [what: string, revoke: Revoke])[] = [
  [
    'a token',
    ({ tokens }, token) =>
      tokens.revoke({ tokenId: claimOf(token, 'jti'), expiresAt: home.clock.now() + 900_000 }),
  ],
  ['an authorization', ({ authorizations }, token) => authorizations.revoke(claimOf(token, 'azn'))],
  ['a session', ({ sessions }, token) => sessions.revoke(claimOf(token, 'sid'))],
  ['a user', ({ users }) => users.signOutEverywhere(user.id)],
  ['a client', ({ clients }, _, clientId) => clients.revoke(clientId)],
]

test.each(REVOCATIONS)(
  'a strict route rejects %s that another node revoked, from the next request on',
  async (_, revoke) => {
    const own = await home.addClient()
    const visit = { server: home, browser: openBrowser(home), client: own, user }
    const { access_token: token } = await getCodeFlowTokens(visit)
    expect(await outcome(node, token, { strict: true })).toBe('200')
    expect(await outcome(strictNode, token)).toBe('200')
    await revoke(home.server, token, own.id)
    expect(await outcome(node, token, { strict: true })).toBe('401 Token revoked')
    expect(await outcome(node, token, { allOf: ['orders:read'], strict: true })).toBe('401 Token revoked')
    expect(await outcome(strictNode, token)).toBe('401 Token revoked')
    // The other routes of these nodes follow the feed.
    expect(await outcome(node, token)).toBe('200')
    expect(await outcome(strictNode, token, { strict: false })).toBe('200')
  },
)

test('a strict route checks a machine token too', async () => {
  const machine = await home.addClient({ grantTypes: ['client_credentials'] })
  const { access_token: token } = await getTokens(home, machine, { grant_type: 'client_credentials' })
  expect(await outcome(node, token, { strict: true })).toBe('200')
  await home.server.clients.revoke(machine.id)
  expect(await outcome(node, token, { strict: true })).toBe('401 Token revoked')
})

test('a strict route still requires its scopes', async () => {
  const { access_token: token } = await signIn()
  expect(await outcome(node, token, { allOf: ['orders:create'], strict: true })).toBe(
    '403 Insufficient scope',
  )
})

test('a strict route needs one query per request, and none for a token that is invalid anyway', async () => {
  const statements = recordStatements()
  const server = await startServer({ revocations, purge: 'manual', audit: 'off' })
  onTestFinished(server.close)
  const token = await getAccessToken(server)
  const ask = (...scopes: Scopes) => statements.during(server, () => outcome(server, token, ...scopes))
  expect(await ask({ strict: true })).toEqual(['select revocations'])
  expect(await ask({ strict: true })).toEqual(['select revocations'])
  expect(await ask({ allOf: ['orders:create'], strict: true })).toEqual([])
  server.clock.advance('16m')
  expect(await ask({ strict: true })).toEqual([])
  expect(await outcome(server, token, { strict: true })).toBe('401 Token expired')
})

test('a strict route responds with 503 while the store fails, never 401, and recovers', async () => {
  const server = await startServer({ revocations: { ...revocations, strict: true } })
  onTestFinished(server.close)
  const token = await getAccessToken(server)
  const hide = new DatabaseSync(server.file)
  hide.exec('ALTER TABLE consulate_revocations RENAME TO hidden')
  for (let count = 0; count < 3; count += 1)
    expect(await outcome(server, token)).toBe('503 Try again in a moment')
  expect(await outcome(server, token, { strict: false })).toBe('200')
  expect(await outcome(server, 'not a token')).toBe('401 Invalid token')
  hide.exec('ALTER TABLE hidden RENAME TO consulate_revocations')
  hide.close()
  expect(await outcome(server, token)).toBe('200')
  const logged = server.logs.filter((line) => line.includes('Strict guards'))
  expect(logged).toHaveLength(2)
})

test('a guard in another service rejects the option when it is created', () => {
  const options = { issuer: 'https://auth.example', revocations: 'none' } as const
  const guard = createGuard(options)
  onTestFinished(guard.close)
  expect(() => guard.user({ strict: true })).toThrow('user: strict needs the store')
  expect(() => guard.user({ strict: false })).not.toThrow()
  const feed = { clientId: 'orders', clientSecret: 'secret', strict: true }
  expect(() => createGuard({ ...options, revocations: feed })).toThrow(
    'revocations.strict: strict needs the store',
  )
})

test('a value that is not true or false is rejected', () => {
  for (const strict of ['yes', 1, null, undefined])
    expect(() => home.server.user({ strict } as unknown as { strict: true })).toThrow(ConfigError)
})
