import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redis } from '../../src/broadcast/redis.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/cluster.ts'
import { claimOf, getCodeFlowTokens, requestToken, type CodeFlow } from '../support/oauth-client.ts'
import { readers } from '../support/readers.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import { startServer, type TestClient, type TestServer } from '../support/server.ts'

const MINUTE = 60_000

describe.runIf(hasRedis)('a reader of the keys in Redis', () => {
  let store: Awaited<ReturnType<typeof startRedis>>
  let server: TestServer
  /** Tokens by what happened to them. */
  const tokens = new Map<string, string>()
  let expected: readonly (readonly [string, string])[]

  const machineToken = async (client: TestClient): Promise<string> =>
    String((await requestToken(server, client, { grant_type: 'client_credentials' })).body['access_token'])

  beforeAll(async () => {
    store = await startRedis()
    server = await startServer({ broadcast: redis(store.url) })
    await prepareTokens()
    const count = async () => (await store.keys('TOKEN_BLACK_LIST*')).length
    // A marker, and a key for each of 6 revocations and 5 hostile names.
    expect(await eventually(async () => (await count()) === 12)).toBe(true)
  })
  afterAll(async () => {
    await server.close()
    await store.stop()
  })

  async function prepareTokens(): Promise<void> {
    const [user, other] = [await server.addUser(), await server.addUser()]
    const [client, leaving] = [await server.addClient(), await server.addClient()]
    const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const flow: CodeFlow = { server, browser: openBrowser(server), user, client }
    const signIn = async (changes: Partial<CodeFlow> = {}): Promise<string> =>
      (await getCodeFlowTokens({ ...flow, ...changes })).access_token
    const own = { browser: openBrowser(server) }
    const theirs = { browser: openBrowser(server), user: other }
    const all = [
      ['valid', await signIn()],
      ['of a revoked session', await signIn(own)],
      ['of a revoked authorization', await signIn()],
      ['revoked by its ID', await signIn()],
      ['of a user who signed out everywhere', await signIn(theirs)],
      ['of a revoked client', await signIn({ client: leaving })],
      ['of a machine', await machineToken(machine)],
      ['of a machine, revoked by its ID', await machineToken(machine)],
    ] as const
    for (const [name, token] of all) tokens.set(name, token)
    const tokenOf = (name: string): string => tokens.get(name) ?? ''
    const { sessions, authorizations, tokens: accessTokens, users, clients } = server.server
    await sessions.revoke(claimOf(tokenOf('of a revoked session'), 'sid'))
    await authorizations.revoke(claimOf(tokenOf('of a revoked authorization'), 'azn'))
    const expiresAt = server.clock.now() + 15 * MINUTE
    for (const name of ['revoked by its ID', 'of a machine, revoked by its ID'])
      await accessTokens.revoke({ tokenId: claimOf(tokenOf(name), 'jti'), expiresAt })
    await users.signOutEverywhere(other.id)
    await clients.revoke(leaving.id)
    // Users whose ID is part of another key.
    const session = `${user.id}_${claimOf(tokenOf('valid'), 'sid')}`
    for (const id of ['COMPLETE', 'ISSUER', `CLIENT:${client.id}`, session, machine.id])
      await users.signOutEverywhere(id)
    tokens.set('of the other user after that', await signIn({ ...theirs, browser: openBrowser(server) }))
    const subs: Readonly<Record<string, string>> = {
      valid: user.id,
      'of a machine': machine.id,
      'of the other user after that': other.id,
    }
    expected = [...tokens.keys()].map((name) => [name, subs[name] ?? 'Token revoked'])
  }

  const check = async (reader: (typeof readers)[number]) => {
    const lines = await reader.check(store, server.issuer, [...tokens.values()])
    return [...tokens.keys()].map((name, index) => [name, lines[index]])
  }

  test.each(readers.map((reader) => [reader.name, reader] as const))(
    'in %s rejects exactly the tokens that are revoked',
    async (_, reader) => {
      expect(await check(reader)).toEqual(expected)
    },
  )

  test.runIf(readers.length > 0)('rejects everything after the issuer has revoked it', async () => {
    await server.store.revocations.revoke({ kind: 'issuer' }, server.clock.now())
    expect(
      await eventually(async () => (await store.command('GET', 'TOKEN_BLACK_LIST:ISSUER')) === '1'),
    ).toBe(true)
    for (const reader of readers)
      expect(new Set((await check(reader)).map(([, line]) => line))).toEqual(new Set(['Token revoked']))
  })

  test('accepts no token and calls none revoked while Redis may lack keys', async () => {
    await store.command('CONFIG', 'SET', 'maxmemory', '1')
    await store.command('FLUSHALL')
    for (const reader of readers)
      expect(new Set((await check(reader)).map(([, line]) => line))).toEqual(new Set(['Unavailable']))
  })
})
