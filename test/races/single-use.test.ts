import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  isRejectedEverywhere,
  isAcceptedEverywhere,
  RACING_NODES,
  startCluster,
  refreshOutcome,
} from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { requestToken, getCode, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import type { JsonResponse, CodeFlow } from '../support/oauth-client.ts'
import { dose } from '../support/dose.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const visitWith = (theirs: TestClient): CodeFlow => ({
  server,
  browser: openBrowser(server),
  client: theirs,
  user,
})
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, RACING_NODES)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const accessIn = ({ body }: JsonResponse): string => String(body['access_token'])
const refreshIn = ({ body }: JsonResponse): string => String(body['refresh_token'])
const winnersIn = (responses: readonly JsonResponse[]): readonly JsonResponse[] =>
  responses.filter(({ status }) => status === 200)
const errorsIn = (responses: readonly JsonResponse[]): ReadonlySet<unknown> =>
  new Set(responses.filter(({ status }) => status !== 200).map(({ body }) => body['error']))

describe('200 requests with one code, on several processes', () => {
  test('one gets tokens; the others are replays and revoke them', async () => {
    const { exchange } = await getCode(visitWith(client))
    const responses = await cluster.inParallel(200, (node) => requestToken(node, client, exchange))
    const [winner, ...others] = winnersIn(responses)
    expect(others).toEqual([])
    expect(errorsIn(responses)).toEqual(new Set(['invalid_grant']))
    if (!winner) throw new Error('No request succeeded')
    expect(await isRejectedEverywhere(cluster.nodes, accessIn(winner))).toBe(true)
    expect(await refreshOutcome(cluster.randomNode(), client, refreshIn(winner))).toBe('invalid_grant')
  })
})

describe('200 requests with one refresh token, on several processes', () => {
  test('rotate it once: all get the same next token, and a replay after the grace window revokes the authorization', async () => {
    const flow = visitWith(client)
    const other = await getCodeFlowTokens(flow)
    const first = await getCodeFlowTokens(flow)
    const responses = await cluster.inParallel(200, (node) =>
      refresh({ server: node, client }, first.refresh_token),
    )
    expect(winnersIn(responses)).toHaveLength(200)
    const [second = '', ...more] = new Set(responses.map(refreshIn))
    expect(more).toEqual([])
    const third = await refresh({ server: cluster.randomNode(), client }, second)
    expect(third.status).toBe(200)
    expect(await isAcceptedEverywhere(cluster.nodes, accessIn(third))).toBe(true)
    // The window and what is added to it for the clocks of other nodes.
    await cluster.setClocks(91_000)
    expect(await refreshOutcome(cluster.randomNode(), client, first.refresh_token)).toBe('invalid_grant')
    expect(await isRejectedEverywhere(cluster.nodes, accessIn(third))).toBe(true)
    for (const node of cluster.nodes)
      expect(await refreshOutcome(node, client, refreshIn(third))).toBe('invalid_grant')
    expect(await isAcceptedEverywhere(cluster.nodes, other.access_token)).toBe(true)
    await cluster.setClocks(0)
  })

  test('without a grace window, one gets tokens; the others are replays and revoke the authorization', async () => {
    const strict = await server.addClient({ graceWindow: 0 })
    const visit = visitWith(strict)
    // The race lasts about a millisecond, so it needs many rounds.
    for (let round = 0; round < dose(10, 40); round += 1) {
      const first = await getCodeFlowTokens(visit)
      const responses = await cluster.inParallel(12, (node) =>
        refresh({ server: node, client: strict }, first.refresh_token),
      )
      const [winner, ...others] = winnersIn(responses)
      expect(others).toEqual([])
      expect(errorsIn(responses)).toEqual(new Set(['invalid_grant']))
      if (!winner) throw new Error('No request succeeded')
      expect(await refreshOutcome(cluster.randomNode(), strict, refreshIn(winner))).toBe('invalid_grant')
      if (round % 10 === 0) expect(await isRejectedEverywhere(cluster.nodes, accessIn(winner))).toBe(true)
    }
  })

  test('mixed with its successor: no user is signed out, and all get the latest token', async () => {
    const visit = visitWith(client)
    const first = await getCodeFlowTokens(visit)
    const second = refreshIn(await refresh(visit, first.refresh_token))
    let turn = 0
    const responses = await cluster.inParallel(200, (node) =>
      refresh({ server: node, client }, (turn++ >> 2) % 2 === 0 ? first.refresh_token : second),
    )
    expect(winnersIn(responses)).toHaveLength(200)
    const verdicts = await Promise.all(
      [...new Set(responses.map(refreshIn))].map((token) =>
        refresh({ server: cluster.randomNode(), client }, token),
      ),
    )
    expect(verdicts.map(({ status }) => status)).toEqual(verdicts.map(() => 200))
  })
})
