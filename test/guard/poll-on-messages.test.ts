import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redis } from '../../src/broadcast/redis.ts'
import { createGuard, type Guard } from '../../src/guard/standalone.ts'
import { silentLogger } from '../../src/index.ts'
import { eventually } from '../support/cluster.ts'
import { claimOf, getTokens } from '../support/oauth-client.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { openRelay } from './relay.ts'

describe.runIf(hasRedis)('a guard that listens to Redis', () => {
  let store: Awaited<ReturnType<typeof startRedis>>
  let relay: Awaited<ReturnType<typeof openRelay>>
  let server: TestServer
  let guard: Guard

  beforeAll(async () => {
    store = await startRedis()
    relay = await openRelay()
    server = await startServer({ issuer: relay.origin, broadcast: redis(store.url) })
    const { id, secret = '' } = await server.addClient({ followsRevocations: true, redirectUris: [] })
    // Polls are too rare to matter.
    const polls = { pollInterval: '1h', maxStaleness: '2h' } as const
    const revocations = { clientId: id, clientSecret: secret, broadcast: redis(store.url), ...polls }
    guard = createGuard({ issuer: relay.origin, revocations, logger: silentLogger })
    relay.target = server.origin
    await guard.ready()
    expect(await eventually(async () => guard.health().broadcast === 'connected')).toBe(true)
  })
  afterAll(async () => {
    guard.close()
    await server.close()
    await relay[Symbol.asyncDispose]()
    await store.stop()
  })

  const newToken = async (): Promise<string> => {
    const machine = await server.addClient({ grantTypes: ['client_credentials'] })
    return (await getTokens(server, machine, { grant_type: 'client_credentials' })).access_token
  }
  const isAccepted = async (token: string): Promise<boolean> => {
    const headers = { authorization: `Bearer ${token}` }
    return !((await guard.machine()(new Request('https://api.example', { headers }))) instanceof Response)
  }
  const isRejectedSoon = (token: string) => eventually(async () => !(await isAccepted(token)))
  const revoke = (token: string) =>
    server.server.tokens.revoke({ tokenId: claimOf(token, 'jti'), expiresAt: Date.now() + 900_000 })

  test('rejects a revoked token without waiting for the next poll', async () => {
    const [revoked, good] = [await newToken(), await newToken()]
    expect(await isAccepted(revoked)).toBe(true)
    await revoke(revoked)
    expect(await isRejectedSoon(revoked)).toBe(true)
    expect(await isAccepted(good)).toBe(true)
  })

  test('polls at most ten times a second, however many messages arrive, and believes none of them', async () => {
    const good = await newToken()
    const entry = {
      id: 1,
      kind: 'token',
      subject: claimOf(good, 'jti'),
      sub: null,
      epoch: 0,
      expires_at: null,
    }
    const [before, start] = [relay.count('/oauth/revocations'), performance.now()]
    for (let round = 0; round < 2_000; round += 1)
      await store.command('PUBLISH', `consulate:${relay.origin}`, `revocation.${JSON.stringify(entry)}`)
    const polls = relay.count('/oauth/revocations') - before
    expect(polls).toBeGreaterThan(0)
    expect(polls).toBeLessThanOrEqual((performance.now() - start) / 100 + 2)
    expect(await isAccepted(good)).toBe(true)
    const revoked = await newToken()
    await revoke(revoked)
    expect(await isRejectedSoon(revoked)).toBe(true)
  })

  test('keeps working while Redis is away, and shows that', async () => {
    const good = await newToken()
    await store.kill()
    expect(await eventually(async () => guard.health().broadcast === 'disconnected')).toBe(true)
    expect(guard.health()).toMatchObject({ isReady: true, problems: [] })
    expect(await isAccepted(good)).toBe(true)
    await store.restart()
    expect(await eventually(async () => guard.health().broadcast === 'connected')).toBe(true)
  })
})
