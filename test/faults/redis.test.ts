import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from 'redis'
import { redis as createRedisBroadcast } from '../../src/broadcast/redis.ts'
import { openBrowser } from '../support/browser.ts'
import { callAdminApi } from '../support/admin-api.ts'
import {
  eventually,
  isAcceptedEverywhere,
  isRejectedEverywhere,
  startCluster,
  type Cluster,
} from '../support/cluster.ts'
import { isThorough } from '../support/dose.ts'
import { freePort } from '../support/free-port.ts'
import { callApi, claimOf, getCodeFlowTokens, type CodeFlow } from '../support/oauth-client.ts'
import { startProcess, type ServerProcess } from '../support/process.ts'
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { startServer, type TestServer } from '../support/server.ts'

const COMPLETE = 'TOKEN_BLACK_LIST:COMPLETE'

describe.runIf(hasRedis)('two nodes with Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  let server: TestServer
  let cluster: Cluster
  let flow: CodeFlow
  let good: string

  beforeAll(async () => {
    redis = await startRedis()
    server = await startServer()
    flow = {
      server,
      browser: openBrowser(server),
      user: await server.addUser(),
      client: await server.addClient(),
    }
    cluster = await startCluster(server, 2, { redis: redis.url })
    good = await getToken()
  })
  afterAll(async () => {
    await cluster.stop()
    await server.close()
    await redis.stop()
  })

  const getToken = async (): Promise<string> => (await getCodeFlowTokens(flow)).access_token
  const keyOf = (token: string): string => `TOKEN_BLACK_LIST_${flow.user.id}_${claimOf(token, 'azn')}`
  /** Revokes on a node. Redis may not even delay it. */
  const revoke = async (token: string, node: number): Promise<void> => {
    const target = cluster.nodes[node] ?? server
    const task = { action: 'revoke authorization', id: claimOf(token, 'azn') } as const
    expect((await callAdminApi(target, task)).status).toBe(200)
    expect((await callApi(target, '/anyone', token)).status).toBe(401)
  }
  const expectOnlyRejected = async (tokens: readonly string[], nodes = cluster.nodes): Promise<void> => {
    for (const token of tokens) expect(await isRejectedEverywhere(nodes, token)).toBe(true)
    expect(await isAcceptedEverywhere(nodes, good)).toBe(true)
  }
  const exist = async (...keys: readonly string[]): Promise<boolean> =>
    (await redis.command('EXISTS', ...keys)) === keys.length
  const isComplete = (tokens: readonly string[]) => exist(COMPLETE, ...tokens.map(keyOf))

  interface Fault {
    readonly start: (store: TestRedis) => Promise<unknown>
    readonly end: (store: TestRedis) => Promise<unknown>
  }

  const deleteAll = async ({ keys, command }: TestRedis): Promise<void> => {
    for (const key of await keys()) await command('DEL', key)
  }
  const none = async (): Promise<void> => {}
  const FAULTS: readonly (readonly [string, Fault])[] = [
    [
      'is killed and started again without its data',
      { start: (store) => store.kill(), end: (store) => store.restart() },
    ],
    ['is flushed', { start: ({ command }) => command('FLUSHALL'), end: none }],
    ['is frozen', { start: async (store) => store.freeze(), end: async (store) => store.thaw() }],
    [
      'pauses all writes',
      {
        start: ({ command }) => command('CLIENT', 'PAUSE', '600000', 'WRITE'),
        end: ({ command }) => command('CLIENT', 'UNPAUSE'),
      },
    ],
    [
      'has no memory left',
      {
        start: ({ command }) => command('CONFIG', 'SET', 'maxmemory', '1'),
        end: ({ command }) => command('CONFIG', 'SET', 'maxmemory', '0'),
      },
    ],
    ['loses its keys one by one', { start: deleteAll, end: none }],
    [
      'becomes a read-only replica',
      {
        start: ({ command }) => command('REPLICAOF', '127.0.0.1', '1'),
        end: ({ command }) => command('REPLICAOF', 'NO', 'ONE'),
      },
    ],
  ]

  test.each(FAULTS)('reject exactly the revoked tokens while Redis %s, and after it', async (_, fault) => {
    const [before, ...others] = [await getToken(), await getToken(), await getToken(), await getToken()]
    const [first, second, after] = others
    const all = [before, ...others]
    await revoke(before, 0)
    expect(await eventually(() => isComplete([before]))).toBe(true)
    const stopWatching = watchReaders(redis, COMPLETE, keyOf(before))
    await fault.start(redis)
    await revoke(first, 0)
    await revoke(second, 1)
    await expectOnlyRejected([before, first, second])
    await fault.end(redis)
    await revoke(after, 1)
    await expectOnlyRejected(all)
    expect(await eventually(() => isComplete(all))).toBe(true)
    const mistakes = await stopWatching()
    if (fault.start !== deleteAll) expect(mistakes).toBe(0)
  })

  test('write everything again if Redis was restarted from a snapshot that lacks the last revocations', async () => {
    const [saved, lost] = [await getToken(), await getToken()]
    await revoke(saved, 0)
    expect(await eventually(() => isComplete([saved]))).toBe(true)
    await redis.command('SAVE')
    await revoke(lost, 1)
    expect(await eventually(() => isComplete([lost]))).toBe(true)
    await redis.kill()
    await redis.restart()
    expect(await eventually(() => isComplete([saved, lost]))).toBe(true)
    const [, runId] = /run_id:(\w+)/.exec(String(await redis.command('INFO', 'server'))) ?? []
    expect(
      await eventually(async () => (await redis.command('GET', COMPLETE)) === `${runId} ${server.issuer}`),
    ).toBe(true)
  })

  test('log each cause of an outage once, and its end once', async () => {
    const isConnected = ({ logs }: { readonly logs: string }): boolean =>
      !logs.split('\n').findLast(isAboutRedis)?.includes('unreachable')
    // The test before this one ends as soon as one of the nodes has connected again.
    expect(await eventually(async () => cluster.processes.every(isConnected))).toBe(true)
    const before = cluster.processes.map(({ logs }) => logs.length)
    const linesOf = (): string[][] =>
      cluster.processes.map(({ logs }, index) => logs.slice(before[index]).split('\n').filter(isAboutRedis))
    await redis.kill()
    expect(await eventually(async () => linesOf().every((lines) => lines.length > 0))).toBe(true)
    await redis.restart()
    expect(await eventually(async () => linesOf().every((lines) => lines.at(-1)?.includes('again')))).toBe(
      true,
    )
    for (const lines of linesOf()) {
      const messages = lines.map((line) => line.replace(/"time":"[^"]*",/, ''))
      expect(messages).toEqual([...new Set(messages)])
    }
  })

  const isAboutRedis = (line: string): boolean => /Redis is (un)?reachable/.test(line)
})

/**
 * Reads two keys over and over, as a reader does. Returns a function that stops it and returns how often only the first one,
 * the marker, was found.
 */
function watchReaders({ url }: TestRedis, marker: string, key: string): () => Promise<number> {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 20 } })
  client.on('error', () => {})
  const stopping = new AbortController()
  let mistakes = 0
  const watch = async (): Promise<void> => {
    await client.connect()
    while (!stopping.signal.aborted) {
      const [isTrusted, isRevoked] = await client.mGet([marker, key]).catch(() => [])
      if (isTrusted && !isRevoked) mistakes += 1
      await sleep(5)
    }
  }
  const watching = watch()
  return async () => {
    stopping.abort()
    await watching
    client.destroy()
    return mistakes
  }
}

describe.runIf(hasRedis)('a node that cannot use Redis', () => {
  const flowOf = async (server: TestServer): Promise<CodeFlow> => ({
    server,
    browser: openBrowser(server),
    user: await server.addUser(),
    client: await server.addClient(),
  })
  const PASSWORD = 'a-password-that-is-in-no-log'

  type Start = () => Promise<Awaited<ReturnType<typeof startRedis>> | undefined>
  // Only then does a node wait for five seconds until it gives up to connect.
  const frozen: (readonly [string, Start])[] = [['it is frozen', () => startRedis()]]
  const CAUSES: readonly (readonly [string, Start])[] = [
    ['nothing listens', async () => undefined],
    ['the password is wrong', () => startRedis('--requirepass', 'another-password')],
    ...(isThorough ? frozen : []),
  ]

  test.each(CAUSES)(
    'because %s knows every revocation before its first response, and follows new ones',
    async (_, start) => {
      await using server = await startServer()
      const redis = await start()
      const flow = await flowOf(server)
      const tokens = [
        await getCodeFlowTokens(flow),
        await getCodeFlowTokens(flow),
        await getCodeFlowTokens(flow),
      ]
      const [revoked = '', later = '', good = ''] = tokens.map(({ access_token: token }) => token)
      await server.server.authorizations.revoke(claimOf(revoked, 'azn'))
      if (redis && !redis.hasPassword) redis.freeze()
      const url = `redis://:${PASSWORD}@127.0.0.1:${redis?.port ?? (await freePort())}`
      const late = await startProcess(server, { redis: url })
      expect((await callApi(late.node, '/anyone', revoked)).status).toBe(401)
      expect((await callApi(late.node, '/anyone', good)).status).toBe(200)
      await server.server.authorizations.revoke(claimOf(later, 'azn'))
      expect(await isRejectedEverywhere([late.node], later)).toBe(true)
      expect((await fetch(late.node.endpoint('/oauth/health/ready'))).status).toBe(200)
      expect(await eventually(async () => outages(late) === 1)).toBe(true)
      expect(late.logs).not.toContain(PASSWORD)
      await late.stop()
      expect(outages(late)).toBe(1)
      await redis?.stop()
    },
  )

  const outages = ({ logs }: ServerProcess): number => logs.split('"Redis is unreachable"').length - 1
})

describe.runIf(hasRedis)('messages in the channel', () => {
  test('that are garbage, forged or repeated revoke nothing, and do not stop others', async () => {
    const redis = await startRedis()
    await using server = await startServer({
      broadcast: createRedisBroadcast(redis.url),
      revocations: SLOW_POLLS,
    })
    const flow = {
      server,
      browser: openBrowser(server),
      user: await server.addUser(),
      client: await server.addClient(),
    }
    const node = await startProcess(server, { redis: redis.url, config: { revocations: SLOW_POLLS } })
    const channel = `consulate:${server.issuer}`
    const hasSubscribers = async () => String(await redis.command('PUBSUB', 'NUMSUB', channel)).endsWith(',2')
    expect(await eventually(hasSubscribers)).toBe(true)
    const messages: string[] = []
    const spy = await createClient({ url: redis.url }).connect()
    await spy.subscribe(channel, (message) => void messages.push(message))
    const [good, bad] = [await getCodeFlowTokens(flow), await getCodeFlowTokens(flow)]
    const target = {
      id: 1,
      kind: 'authorization',
      subject: claimOf(good.access_token, 'azn'),
      sub: null,
      epoch: 0,
    }
    const entry = { ...target, expires_at: null }
    const forged = Buffer.from(
      JSON.stringify([Date.now() + 60_000, [server.issuer, 'revocation', 'node', 1, entry]]),
    ).toString('base64url')
    const garbage = [
      '',
      'x',
      JSON.stringify(entry),
      `revocation.${forged}`,
      `revocation.${forged}.${'A'.repeat(43)}`,
    ]
    for (const message of [...garbage, '\u0000'.repeat(100_000)])
      await redis.command('PUBLISH', channel, message)
    await server.server.authorizations.revoke(claimOf(bad.access_token, 'azn'))
    expect(await isRejectedEverywhere([node.node], bad.access_token)).toBe(true)
    const genuine = messages.filter((message) => message.length < 1_000 && !garbage.includes(message))
    expect(genuine).toHaveLength(1)
    for (const message of genuine) {
      await redis.command('PUBLISH', channel, message)
      await redis.command('PUBLISH', channel, message.replace('revocation', 'failure'))
    }
    expect(await isAcceptedEverywhere([server, node.node], good.access_token)).toBe(true)
    spy.destroy()
    await node.stop()
    await redis.stop()
  })
})

/** Without polls, whatever a node learns, it learns from Redis. */
const SLOW_POLLS = { pollInterval: '1h', maxStaleness: '2h' } as const
