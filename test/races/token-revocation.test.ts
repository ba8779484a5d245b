import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { eventually, isRejectedEverywhere, startCluster, type Cluster } from '../support/cluster.ts'
import { dose } from '../support/dose.ts'
import {
  callApi,
  getCodeFlowTokens,
  introspectToken,
  postAs,
  refresh,
  revokeToken,
  type JsonResponse,
  type Tokens,
} from '../support/oauth-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

const server = await startServer()
const [user, client] = [await server.addUser(), await server.addClient({ type: 'public' })]
const api = await server.addClient({ redirectUris: [], introspects: true })
const browser = openBrowser(server)
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, 2)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const nodeAt = (index: number): TestServer => cluster.nodes[index % 2] ?? server
const newTokens = (): Promise<Tokens> => getCodeFlowTokens({ server, browser, client, user })
const lastEntry = async (): Promise<number> =>
  (await server.store.revocations.listSince(0, 0, 1000)).at(-1)?.id ?? 0
const statusesOf = (responses: readonly JsonResponse[]) => new Set(responses.map(({ status }) => status))

describe('of a hundred parallel revocations on two processes,', () => {
  test.each(['refresh_token', 'access_token'] as const)(
    'all succeed, and one is written: %s',
    async (type) => {
      const { [type]: token, access_token: access } = await newTokens()
      const before = await lastEntry()
      const responses = await cluster.inParallel(100, (node) => revokeToken(node, client, token))
      expect(statusesOf(responses)).toEqual(new Set([200]))
      expect(await isRejectedEverywhere(cluster.nodes, access)).toBe(true)
      expect(await server.store.revocations.listSince(before, 0, 1000)).toHaveLength(1)
    },
  )

  test('of a personal access token, with and without a client, one is written', async () => {
    const { accessToken } = await server.server.personalTokens.create(user, {
      name: 'Backup',
      scopes: ['orders:read'],
    })
    server.knownSecrets.add('access token', accessToken)
    const before = await lastEntry()
    const anonymous = { id: '', secret: undefined, redirectUri: '' }
    const revoke = (node: TestServer, index: number): Promise<JsonResponse> =>
      postAs(node, index % 4 < 2 ? client : anonymous, '/oauth/revoke', { token: accessToken })
    const responses = await Promise.all(
      Array.from({ length: 100 }, (_, index) => revoke(nodeAt(index), index)),
    )
    expect(statusesOf(responses)).toEqual(new Set([200]))
    expect(await isRejectedEverywhere(cluster.nodes, accessToken)).toBe(true)
    expect(await server.store.revocations.listSince(before, 0, 1000)).toHaveLength(1)
  })
})

describe('a revocation that races refreshes on two processes', () => {
  test('leaves no token that works, whichever refresh token it gets', async () => {
    let refreshed = 0
    for (let round = 0; round < dose(2, 12); round += 1) {
      const tokens = await newTokens()
      const responses: JsonResponse[] = []
      let revoking: Promise<JsonResponse> | undefined
      const refreshRepeatedly = async (_: unknown, index: number): Promise<void> => {
        let token = tokens.refresh_token
        for (let count = 0; count < 6; count += 1) {
          const response = await refresh({ server: nodeAt(index + count), client }, token)
          responses.push(response)
          if (response.status === 200) token = String(response.body['refresh_token'])
          if (responses.length >= 20) revoking ??= revokeToken(nodeAt(round), client, token)
        }
      }
      await Promise.all(Array.from({ length: 10 }, refreshRepeatedly))
      expect((await revoking)?.status).toBe(200)
      for (const { status, body } of responses)
        expect([status, body['error']]).toBeOneOf([
          [200, undefined],
          [400, 'invalid_grant'],
        ])
      const issued = responses.filter(({ status }) => status === 200)
      refreshed += issued.length
      for (const { body } of issued) {
        expect(await isRejectedEverywhere(cluster.nodes, String(body['access_token']))).toBe(true)
        const again = await refresh({ server: nodeAt(1), client }, String(body['refresh_token']))
        expect(again.body['error']).toBe('invalid_grant')
      }
    }
    // If none succeeded, there was no race.
    expect(refreshed).toBeGreaterThan(0)
  })
})

describe('a revoked token', () => {
  test('is inactive immediately on the node that revoked it, and within a poll on the other', async () => {
    const tokens = await newTokens()
    const activeOn = async (index: number) =>
      (await introspectToken(nodeAt(index), api, tokens.access_token)).body['active']
    expect([await activeOn(0), await activeOn(1)]).toEqual([true, true])
    await revokeToken(nodeAt(0), client, tokens.refresh_token)
    expect(await activeOn(0)).toBe(false)
    expect((await callApi(nodeAt(0), '/me', tokens.access_token)).status).toBe(401)
    expect(await eventually(async () => (await activeOn(1)) === false)).toBe(true)
  })
})
