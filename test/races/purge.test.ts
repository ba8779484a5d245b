import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PurgeReport } from '../../src/index.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { openBrowser } from '../support/browser.ts'
import { startCluster, type Cluster } from '../support/cluster.ts'
import { dose } from '../support/dose.ts'
import { callApi, getCodeFlowTokens, refresh, type CodeFlow, type Tokens } from '../support/oauth-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

const ROUNDS = dose(8, 40)
const DEVICES = 6
const MINUTE = 60_000

const server = await startServer()
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, 2, { config: { purge: 'manual' } })))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

/** A user's app, with its current tokens. */
interface Device {
  readonly flow: CodeFlow
  tokens: Tokens
}

const flowOn = (node: TestServer, flow: CodeFlow): CodeFlow => ({ ...flow, server: node })

async function connect(flow: CodeFlow): Promise<Device> {
  const node = cluster.randomNode()
  const browser = openBrowser({ ...node, formOrigin: new URL(node.issuer).origin })
  return { flow, tokens: await getCodeFlowTokens({ ...flowOn(node, flow), browser }) }
}

/** Refreshes on one node and calls both. Neither may ever be refused. */
async function use(device: Device): Promise<void> {
  const { status, body } = await refresh(
    flowOn(cluster.randomNode(), device.flow),
    device.tokens.refresh_token,
  )
  expect([status, body['error']]).toEqual([200, undefined])
  device.tokens = { ...device.tokens, ...(body as unknown as Tokens) }
  for (const node of cluster.nodes)
    expect((await callApi(node, '/orders', device.tokens.access_token)).status).toBe(200)
}

/** Purges on a node until the signal aborts. Returns how many rows were deleted. */
async function purgeUntil(signal: AbortSignal, node: TestServer): Promise<number> {
  let deleted = 0
  while (!signal.aborted) {
    const { status, body } = await callAdminApi(node, { action: 'purge', hours: 0 })
    expect(status).toBe(200)
    const { counts } = body as unknown as PurgeReport
    deleted += Object.values(counts).reduce((sum, count) => sum + count, 0)
  }
  return deleted
}

test('no valid token is refused while two processes purge all the time', async () => {
  const [user, client] = [await server.addUser(), await server.addClient({ skipsConsent: true })]
  const flow = { server, browser: openBrowser(server), user, client }
  const devices: Device[] = []
  for (let index = 0; index < DEVICES; index += 1) devices.push(await connect(flow))
  const work = async (): Promise<void> => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      // Later than the access tokens expire, and than the margin within which nothing is deleted.
      await cluster.setClocks(round * 21 * MINUTE)
      const [left, ...staying] = devices.splice(0)
      const [joined] = await Promise.all([
        connect(flow),
        callAdminApi(cluster.randomNode(), {
          action: 'revoke authorization',
          id: left?.tokens.refresh_token.split('.')[1] ?? '',
        }),
        ...staying.map(use),
      ])
      devices.push(...staying, joined)
    }
  }
  const end = new AbortController()
  const purges = Promise.all(cluster.nodes.map((node) => purgeUntil(end.signal, node)))
  await work().finally(() => end.abort())
  const deleted = await purges
  expect(deleted.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(ROUNDS)
})
