import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { isAcceptedEverywhere, RACING_NODES, startCluster, refreshOutcome } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { formBody, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import type { JsonResponse, CodeFlow } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient({ type: 'public' })
const flow: CodeFlow = { server, browser: openBrowser(server), client, user }
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, RACING_NODES)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])
const nodeAt = (index: number): TestServer => cluster.nodes[index % RACING_NODES] ?? server
const refreshAt = (index: number, token: string): Promise<JsonResponse> =>
  refresh({ server: nodeAt(index), client }, token)

/** Sends a refresh and disconnects before the response, like a phone in a tunnel. */
async function refreshAndHangUp({ origin }: TestServer, token: string): Promise<void> {
  const body = formBody({
    grant_type: 'refresh_token',
    client_id: client.id,
    refresh_token: token,
  }).toString()
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  const lines = [
    'POST /oauth/token HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
  ]
  await new Promise<void>((resolve) => socket.write(lines.join('\r\n'), () => resolve()))
  socket.destroy()
}

const generationOf = async (token: string): Promise<number | undefined> =>
  (await server.store.authorizations.find(token.split('.')[1] ?? ''))?.generation

describe('within the grace window, on any process,', () => {
  test('a refresh can be repeated if its response was lost', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const { refresh_token: token } = await getCodeFlowTokens(flow)
      await refreshAndHangUp(nodeAt(turn), token)
      if (turn % 2 === 0) await expect.poll(() => generationOf(token)).toBe(1)
      const repeated = await refreshAt(turn + 1, token)
      expect(repeated.status).toBe(200)
      expect((await refreshAt(turn + 2, tokenIn(repeated))).status).toBe(200)
      expect(await generationOf(token)).toBe(2)
    }
  })

  test('two tabs that refresh a few seconds apart get the same token, and both keep working', async () => {
    const { refresh_token: token } = await getCodeFlowTokens(flow)
    const left = await refreshAt(0, token)
    await cluster.setClocks(4_000)
    const right = await refreshAt(1, token)
    expect([left.status, right.status]).toEqual([200, 200])
    expect(tokenIn(right)).toBe(tokenIn(left))
    const access = String(right.body['access_token'])
    expect(await isAcceptedEverywhere(cluster.nodes, access)).toBe(true)
    await cluster.setClocks(8_000)
    expect((await refreshAt(2, tokenIn(left))).status).toBe(200)
    expect((await refreshAt(3, tokenIn(right))).status).toBe(200)
    await cluster.setClocks(0)
  })

  test('earlier tokens get the current one after three rotations', async () => {
    const tokens = [(await getCodeFlowTokens(flow)).refresh_token]
    for (const index of [0, 1, 2]) {
      await cluster.setClocks((index + 1) * 15_000)
      tokens.push(tokenIn(await refreshAt(index, tokens.at(-1) ?? '')))
    }
    for (const [index, old] of tokens.slice(0, 3).entries())
      expect(tokenIn(await refreshAt(3 - index, old))).toBe(tokens[3])
    await cluster.setClocks(0)
  })

  test('each rotation has its own window', async () => {
    const tokens = [(await getCodeFlowTokens(flow)).refresh_token]
    for (const index of [0, 1]) {
      await cluster.setClocks(index * 40_000)
      tokens.push(tokenIn(await refreshAt(index, tokens.at(-1) ?? '')))
    }
    // The first window ends at 60 s, and 30 s later on other nodes.
    await cluster.setClocks(95_000)
    const [first = '', second = '', third = ''] = tokens
    expect(tokenIn(await refreshAt(2, second))).toBe(third)
    expect(await refreshOutcome(nodeAt(3), client, first)).toBe('invalid_grant')
    expect(await refreshOutcome(nodeAt(0), client, third)).toBe('invalid_grant')
    await cluster.setClocks(0)
  })
})
