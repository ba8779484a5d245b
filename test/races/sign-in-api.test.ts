import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAcceptedEverywhere, isRejectedEverywhere, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { dose } from '../support/dose.ts'
import { callApi, type JsonResponse } from '../support/oauth-client.ts'
import { startServer, type TestServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'

const server = await startServer()
const MAXIMUM = 2
/** Attempts count as failures until they finish, so this allows more than the test makes. */
const PLENTY = { failures: 100_000, window: '1m' } as const
let cluster: Cluster
beforeAll(async () => {
  const throttle = { perAddress: PLENTY, perAccount: PLENTY }
  cluster = await startCluster(server, 2, { config: { throttle, maxSessions: MAXIMUM } })
})
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const nodeAt = (index: number): TestServer => cluster.nodes[index % 2] ?? server

const sessionsOf = async ({ id }: TestUser): Promise<readonly { id: string }[]> => {
  const { body } = await callAdminApi(nodeAt(0), { action: 'list sessions', id })
  return Object.values(body) as { id: string }[]
}

const tokenIn = ({ body }: JsonResponse): string => String(body['access_token'])

describe('of parallel sign-ins on two processes,', () => {
  test('exactly as many stay signed in as maxSessions allows, whatever their clocks say', async () => {
    await cluster.processes[1]?.setClock(-30_000)
    const user = await server.addUser()
    for (let round = 0; round < dose(1, 3); round += 1) {
      const responses = await cluster.inParallel(8, (node) => postLogin(node, user))
      expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
      const remaining = new Set((await sessionsOf(user)).map(({ id }) => id))
      expect(remaining.size).toBe(MAXIMUM)
      const isIn = ({ body }: JsonResponse): boolean => remaining.has(String(body['session_id']))
      const [kept, ended] = [responses.filter(isIn), responses.filter((response) => !isIn(response))]
      expect(kept).toHaveLength(MAXIMUM)
      for (const response of kept)
        expect(await isAcceptedEverywhere(cluster.nodes, tokenIn(response))).toBe(true)
      for (const response of ended)
        expect(await isRejectedEverywhere(cluster.nodes, tokenIn(response))).toBe(true)
    }
    await cluster.processes[1]?.setClock(0)
  })
})

describe('of a hundred parallel refreshes of one token on two processes,', () => {
  test('all succeed, with the same refresh token, in the same session', async () => {
    const tokens = await logIn(nodeAt(0), await server.addUser())
    const responses = await cluster.inParallel(100, (node) => postRefresh(node, tokens.refresh_token))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(responses.map(({ body }) => body['refresh_token'])).size).toBe(1)
    expect(new Set(responses.map(({ body }) => body['session_id']))).toEqual(new Set([tokens.session_id]))
    const [, id = ''] = tokens.refresh_token.split('.')
    expect((await server.store.authorizations.find(id))?.generation).toBe(1)
    expect(await isAcceptedEverywhere(cluster.nodes, tokenIn(responses[99] as JsonResponse))).toBe(true)
  })
})

describe('a sign-out that races refreshes on two processes', () => {
  test.each([
    ['of this device', '/auth/logout'],
    ['of all devices', '/auth/logout-all'],
  ])('%s leaves no token that works', async (_what, path) => {
    const tokens = await logIn(nodeAt(0), await server.addUser())
    const responses: JsonResponse[] = []
    let signingOut: Promise<JsonResponse> | undefined
    const refreshRepeatedly = async (_: unknown, index: number): Promise<void> => {
      for (let round = 0; round < 5; round += 1) {
        responses.push(await postRefresh(nodeAt(index + round), tokens.refresh_token))
        if (responses.length >= 15)
          signingOut ??= callSignInApi(nodeAt(1), path, { token: tokens.access_token })
      }
    }
    await Promise.all(Array.from({ length: 10 }, refreshRepeatedly))
    expect((await signingOut)?.status).toBe(204)
    for (const { status, body } of responses)
      expect([status, body['error_description']]).toBeOneOf([
        [200, undefined],
        [401, 'Token revoked'],
      ])
    const issued = responses.filter(({ status }) => status === 200)
    // If none succeeded, there was no race.
    expect(issued.length).toBeGreaterThan(0)
    for (const response of issued) {
      expect(await isRejectedEverywhere(cluster.nodes, tokenIn(response))).toBe(true)
      expect((await postRefresh(nodeAt(0), String(response.body['refresh_token']))).status).toBe(401)
    }
  })

  test('is effective on its own process for the next request', async () => {
    const tokens = await logIn(nodeAt(0), await server.addUser())
    await callSignInApi(nodeAt(1), '/auth/logout', { token: tokens.access_token })
    expect((await callApi(nodeAt(1), '/me', tokens.access_token)).status).toBe(401)
    // The other process refuses to change anything for it at the same time: the API asks the store.
    const refused = await callSignInApi(nodeAt(0), '/auth/logout-others', { token: tokens.access_token })
    expect([refused.status, refused.body['error_description']]).toEqual([401, 'Token revoked'])
  })
})
