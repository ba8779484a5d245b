import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redis } from '../../src/broadcast/redis.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/cluster.ts'
import { callApi, claimOf, getCodeFlowTokens } from '../support/oauth-client.ts'
import type { CodeFlow } from '../support/oauth-client.ts'
import { hasSharedRedis, openSharedRedis, type SharedRedis } from '../support/redis.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const MINUTE = 60_000
// Polls are too rare to matter: whatever another node learns, it learns from Redis.
const revocations = { pollInterval: '1h', maxStaleness: '2h' } as const

describe.runIf(hasSharedRedis)('with Redis', () => {
  let store: SharedRedis
  let server: TestServer
  let other: TestServer
  let flow: Omit<CodeFlow, 'browser'>

  beforeAll(async () => {
    store = await openSharedRedis()
    const { url, keyPrefix } = store
    server = await startServer({ broadcast: redis(url, { keyPrefix }), revocations })
    const broadcast = redis(url, { keyPrefix })
    const options = { broadcast, revocations, issuer: server.issuer, file: server.file }
    other = await startServer(options)
    flow = { server, user: await server.addUser(), client: await server.addClient() }
    const isReady = async ({ server: { health } }: TestServer) => (await health()).isReady
    await Promise.all([isReady(server), isReady(other)])
    await eventually(isComplete)
  })
  afterAll(async () => {
    await other.close()
    await server.close()
    await store.stop()
  })

  const nameOf = (key: string) => `${store.keyPrefix}TOKEN_BLACK_LIST${key}`
  const isComplete = async () => (await store.command('EXISTS', nameOf(':COMPLETE'))) === 1
  const signIn = () => getCodeFlowTokens({ ...flow, browser: openBrowser(server) })
  const statusAt = async (node: TestServer, token: string) => (await callApi(node, '/me', token)).status
  const isIn = async (node: TestServer, token: string) => (await statusAt(node, token)) === 200
  const valueOf = async (key: string) => store.command('GET', nameOf(key))
  const minutesLeft = async (key: string) =>
    Math.round(Number(await store.command('PTTL', nameOf(key))) / MINUTE)
  const isWritten = (key: string) => eventually(async () => (await valueOf(key)) !== null)

  test('a sign-out reaches the other node without a poll, and no other device', async () => {
    const [phone, tablet] = [await signIn(), await signIn()]
    expect(await isIn(other, phone.access_token)).toBe(true)
    await server.server.sessions.revoke(claimOf(phone.access_token, 'sid'))
    expect(await eventually(async () => !(await isIn(other, phone.access_token)))).toBe(true)
    expect(await isIn(other, tablet.access_token)).toBe(true)
  })

  test('a token, an authorization and a session have keys, until 5 minutes after the last token', async () => {
    const { access_token: token } = await signIn()
    const [jti, azn, sid] = ['jti', 'azn', 'sid'].map((name) => claimOf(token, name)) as [
      string,
      string,
      string,
    ]
    const expiresAt = server.clock.now() + 3 * MINUTE
    await server.server.tokens.revoke({ tokenId: jti, expiresAt })
    await server.server.authorizations.revoke(azn)
    await server.server.sessions.revoke(sid)
    for (const [id, minutes] of [[jti, 8] as const, [azn, 20] as const, [sid, 20] as const]) {
      const key = `_${flow.user.id}_${id}`
      expect(await isWritten(key)).toBe(true)
      expect([await valueOf(key), await minutesLeft(key)]).toEqual(['1', minutes])
    }
  })

  test('a user, a client and the issuer have the lowest epoch that is still valid', async () => {
    await signIn()
    const [user, client] = [`:USER:${flow.user.id}`, `:CLIENT:${flow.client.id}`]
    await server.server.users.signOutEverywhere(flow.user.id)
    expect(await isWritten(user)).toBe(true)
    expect([await valueOf(user), await minutesLeft(user)]).toEqual(['1', 20])
    await other.server.users.signOutEverywhere(flow.user.id)
    expect(await eventually(async () => (await valueOf(user)) === '2')).toBe(true)
    await server.server.clients.revoke(flow.client.id)
    expect(await isWritten(client)).toBe(true)
    expect([await valueOf(client), await store.command('PTTL', nameOf(client))]).toEqual(['1', -1])
    flow = { ...flow, client: await server.addClient() }
  })

  test('a token of an unknown user has a key without a user', async () => {
    const expiresAt = server.clock.now() + MINUTE
    await server.server.tokens.revoke({ tokenId: 'machine-token', expiresAt })
    expect(await isWritten('__machine-token')).toBe(true)
  })

  test('an epoch is never lowered and a key never expires earlier, in whatever order nodes write', async () => {
    const name = nameOf(`:USER:${flow.user.id}`)
    await store.command('SET', name, '9', 'EX', '100000')
    await server.server.users.signOutEverywhere(flow.user.id)
    const { access_token: token } = await signIn()
    await server.server.sessions.revoke(claimOf(token, 'sid'))
    expect(await isWritten(`_${flow.user.id}_${claimOf(token, 'sid')}`)).toBe(true)
    expect([await store.command('GET', name), Number(await store.command('TTL', name)) > 90_000]).toEqual([
      '9',
      true,
    ])
    await store.command('DEL', name)
  })

  test('the health of a server shows the connection', async () => {
    // It connects in the background.
    await expect
      .poll(() => server.server.health())
      .toMatchObject({
        isReady: true,
        broadcast: 'connected',
        problems: [],
      })
  })
})

test('the health of a server without a broadcast says so', async () => {
  await using server = await startServer()
  expect((await server.server.health()).broadcast).toBe('none')
})
