import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, printMeasured, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { DATABASES, type OpenDatabase } from '../support/databases.ts'
import { sampleOf } from '../support/dose.ts'
import { requestToken } from '../support/oauth-client.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'
import { startServer } from '../support/server.ts'
import type { TestClient, TestServer } from '../support/server.ts'

/*
 * Several nodes on one database. Guesses are made with the password grant, for users that do not exist: they count like
 * others.
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

/** Guesses before a node knows of another one: the first guess at each of them is answered immediately. */
const NODES = 3
const MOST = LIMIT + NODES - 1

describe.for(sampleOf(DATABASES))('nodes that share only $name', ({ name, isAvailable, open }) => {
  let database: OpenDatabase
  let own: TestServer
  let ownClient: TestClient
  let cluster: Cluster
  const restart = async (): Promise<void> => {
    cluster = await startCluster(own, NODES, { config, url: database.url })
  }
  const guessAt = (index: number, username: string, form = {}) =>
    requestToken(cluster.nodes[index % NODES] ?? own, ownClient, {
      grant_type: 'password',
      username,
      password: 'a wrong password',
      scope: 'orders:read',
      ...form,
    })

  beforeAll(async () => {
    if (!isAvailable) return
    database = await open()
    own = await startServer({ store: database.store })
    ownClient = await own.addClient({ grantTypes: ['password'] })
    await restart()
  })
  afterAll(async () => {
    if (!isAvailable) return
    await cluster.stop()
    await own.close()
    await database.drop()
  })

  test.runIf(isAvailable)(
    'count guesses at one password together, in turn or at the same moment',
    async () => {
      const inTurn: number[] = []
      for (let index = 0; index < 3 * LIMIT; index += 1)
        inTurn.push((await guessAt(index, 'alice@example.com')).status)
      const atOnce = await Promise.all(
        Array.from({ length: 4 * LIMIT }, (_, index) => guessAt(index, 'bob@example.com')),
      )
      const counts = [inTurn, atOnce.map(({ status }) => status)].map(
        (statuses) => statuses.filter((status) => status === 400).length,
      )
      printMeasured(
        `${name}: ${counts[0]} of 30 guesses in turn were answered, and ${counts[1]} of 40 at once`,
      )
      expect(counts[0]).toBeGreaterThanOrEqual(LIMIT)
      for (const count of counts) expect(count).toBeLessThanOrEqual(MOST)
      expect(atOnce.every(({ status }) => status === 400 || status === 429)).toBe(true)
    },
  )

  test.runIf(isAvailable)('block the correct password at one node after failures at another', async () => {
    const user = await own.addUser()
    const signIn = (index: number) => guessAt(index, user.email, { password: user.password })
    expect((await signIn(1)).status).toBe(200)
    for (let count = 0; count < LIMIT; count += 1) await guessAt(0, user.email)
    expect(await eventually(async () => (await signIn(1)).status === 429)).toBe(true)
  })

  test.runIf(isAvailable)('still know of the failures after all of them were restarted', async () => {
    for (let count = 0; count < 2 * LIMIT; count += 1) await guessAt(0, 'carol@example.com')
    await cluster.stop()
    await restart()
    const statuses: number[] = []
    for (let count = 0; count < 3; count += 1) statuses.push((await guessAt(2, 'carol@example.com')).status)
    expect(statuses.slice(1)).toEqual([429, 429])
  })
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
