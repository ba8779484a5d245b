import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { requestToken } from '../support/oauth-client.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'
import { startServer } from '../support/server.ts'
import type { TestClient, TestServer } from '../support/server.ts'

/*
 * Two nodes on one database. Guesses are made with the password grant, for users that do not exist: they count like others.
 */

const LIMIT = 10
/** All guesses come from one address, which must not be what is blocked. */
const config = { throttle: { perAddress: { failures: 100_000, window: '1m' } } } as const

const server = await startServer()
let client: TestClient
beforeAll(async () => {
  client = await server.addClient({ grantTypes: ['password'] })
})
afterAll(server.close)

/** Whether a guess was checked or throttled. */
async function guess(node: TestServer, username: string): Promise<'checked' | 'throttled'> {
  const form = { grant_type: 'password', username, password: 'a wrong password', scope: 'orders:read' }
  const { status } = await requestToken(node, client, form)
  expect([400, 429]).toContain(status)
  return status === 429 ? 'throttled' : 'checked'
}

/** Guesses at the nodes in turn. Returns how many guesses were checked. */
async function countChecked({ nodes }: Cluster, username: string, times: number): Promise<number> {
  let checked = 0
  for (let count = 0; count < times; count += 1) {
    const node = nodes[count % nodes.length] ?? server
    if ((await guess(node, username)) === 'checked') checked += 1
  }
  return checked
}

const isThrottledEverywhere = ({ nodes }: Cluster, username: string): Promise<boolean> =>
  eventually(async () =>
    (await Promise.all(nodes.map((node) => guess(node, username)))).every(
      (outcome) => outcome === 'throttled',
    ),
  )

test('nodes without a broadcast count on their own: each allows its limit', async () => {
  const cluster = await startCluster(server, 2, { config })
  expect(await countChecked(cluster, 'nobody@example.com', 3 * LIMIT)).toBe(2 * LIMIT)
  await cluster.stop()
})

describe.runIf(hasRedis)('nodes that are connected by Redis', () => {
  let redis: TestRedis & { stop(): Promise<void> }
  let cluster: Cluster

  /** Waits until both nodes learn of each other's failures. */
  async function waitUntilConnected(): Promise<void> {
    let attempt = 0
    const isConnected = async (): Promise<boolean> => {
      const name = `warm-up-${(attempt += 1)}-${redis.port}-${performance.now()}@example.com`
      return (await countChecked(cluster, name, 2 * LIMIT)) <= LIMIT + 2
    }
    expect(await eventually(isConnected)).toBe(true)
  }

  beforeAll(async () => {
    redis = await startRedis()
    cluster = await startCluster(server, 2, { config, redis: redis.url })
    await cluster.processes[1]?.setClock(30_000)
    await waitUntilConnected()
  })
  afterAll(async () => {
    await cluster.stop()
    await redis.stop()
  })

  test('count together, although their clocks are 30 seconds apart', async () => {
    const checked = await countChecked(cluster, 'alice@example.com', 2 * LIMIT)
    expect(checked).toBeGreaterThanOrEqual(LIMIT)
    expect(checked).toBeLessThanOrEqual(LIMIT + 2)
    expect(await isThrottledEverywhere(cluster, 'alice@example.com')).toBe(true)
  })

  test('count on their own while Redis is down, and never allow more than the limit each', async () => {
    await redis.kill()
    const checked = await countChecked(cluster, 'bob@example.com', 3 * LIMIT)
    expect(checked).toBeGreaterThanOrEqual(LIMIT)
    expect(checked).toBeLessThanOrEqual(2 * LIMIT)
    await redis.restart()
  })

  test('agree again after Redis is back, from the next failure of an account on', async () => {
    await redis.kill()
    const [first = server, second = server] = cluster.nodes
    for (let count = 0; count < LIMIT - 1; count += 1) await guess(first, 'carol@example.com')
    await redis.restart()
    await waitUntilConnected()
    // The second node knows nothing of the nine failures before its first report. Alone, it would allow ten guesses.
    let checked = 0
    const isThrottled = async (): Promise<boolean> => {
      const isChecked = (await guess(second, 'carol@example.com')) === 'checked'
      checked += isChecked ? 1 : 0
      return !isChecked
    }
    expect(await eventually(isThrottled)).toBe(true)
    expect(checked).toBeLessThan(LIMIT - 1)
    expect(await isThrottledEverywhere(cluster, 'carol@example.com')).toBe(true)
  })
})
