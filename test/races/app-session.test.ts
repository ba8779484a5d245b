import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callAdminApi } from '../support/admin-api.ts'
import { isRejectedEverywhere, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { appCookie, appUsers } from '../support/cookie-app.ts'
import { dose } from '../support/dose.ts'
import { authorizationUrl, callApi, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const ROUNDS = dose(4, 20)

const server = await startServer({ users: appUsers as never })
const client = await server.addClient({ skipsConsent: true })
let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster(server, 2, { isBehindApp: true })
})
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

/** Requests a code, as a browser with the cookie of the app. Returns undefined if there was none. */
async function requestCode(node: TestServer, cookie: string): Promise<string | undefined> {
  const url = authorizationUrl(node, client, { prompt: 'none' })
  const response = await fetch(url, { headers: { cookie }, redirect: 'manual' })
  return new URL(response.headers.get('location') ?? '', node.origin).searchParams.get('code') ?? undefined
}

async function exchange(node: TestServer, code: string): Promise<string | undefined> {
  const { body } = await requestToken(node, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
  })
  const { access_token: token } = body
  return typeof token === 'string' ? token : undefined
}

test('parallel first requests at two nodes are one device', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [user, { nodes }] = [`first-${round}`, cluster]
    const cookie = appCookie(user, Date.now() - 1000, `s${round}`)
    const requests = [...nodes, ...nodes, ...nodes, ...nodes].map((node) => requestCode(node, cookie))
    const codes = await Promise.all(requests)
    expect(codes.filter((code) => code !== undefined)).toHaveLength(8)
    expect(await server.server.sessions.list(user)).toHaveLength(1)
  }
})

test('parallel requests after another sign-in stay on one device', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [user, now, { nodes }] = [`again-${round}`, Date.now(), cluster]
    for (const signedInAt of [now - 2000, now - 1000]) {
      const cookie = appCookie(user, signedInAt, `again${round}`)
      await Promise.all([...nodes, ...nodes].map((node) => requestCode(node, cookie)))
    }
    expect(await server.server.sessions.list(user)).toHaveLength(1)
  }
})

test('if a session of the app is revoked while codes are exchanged, none of their tokens stays valid', async () => {
  const outcomes: boolean[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const [user, { nodes }] = [`leaving-${round}`, cluster]
    const cookie = appCookie(user, Date.now() - 1000, `leaving${round}`)
    const flow = async (node: TestServer, delay: number): Promise<string | undefined> => {
      await sleep(delay)
      const code = await requestCode(node, cookie)
      return code === undefined ? undefined : exchange(node, code)
    }
    const flows = nodes.flatMap((node) => [0, 10, 20, 40].map((delay) => flow(node, delay)))
    const revoke = async (): Promise<void> => {
      // In every other round, after the first token: on a slow machine, no fixed time is late enough.
      await (round % 2 === 0 ? sleep(round * 8) : Promise.race(flows))
      const task = { action: 'revoke app session', id: `leaving${round}` } as const
      expect((await callAdminApi(nodes[1] ?? server, task)).status).toBe(200)
    }
    const [tokens] = await Promise.all([Promise.all(flows), revoke()])
    for (const token of tokens) {
      outcomes.push(token !== undefined)
      if (token !== undefined) expect(await isRejectedEverywhere(nodes, token)).toBe(true)
    }
    expect(await requestCode(nodes[0] ?? server, cookie)).toBe(undefined)
    expect(await server.server.sessions.list(user)).toEqual([])
  }
  expect(outcomes).toContain(true)
})

test('a sign-out everywhere while a new app session is seen for the first time leaves no device', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [user, { nodes }] = [`everywhere-${round}`, cluster]
    const cookie = appCookie(user, Date.now() - 1000, `everywhere${round}`)
    const signOut = async (): Promise<void> => {
      await sleep(round * 3)
      const task = { action: 'sign out everywhere', id: user } as const
      expect((await callAdminApi(nodes[0] ?? server, task)).status).toBe(200)
    }
    await Promise.all([...nodes.map((node) => requestCode(node, cookie)), signOut()])
    expect(await server.server.sessions.list(user)).toEqual([])
    expect(await requestCode(nodes[1] ?? server, cookie)).toBe(undefined)
  }
})

test('the tokens of other sessions of the app stay valid', async () => {
  const [node = server] = cluster.nodes
  const now = Date.now() - 1000
  const codes = await Promise.all(
    ['left', 'right'].map((id) => requestCode(node, appCookie('both', now - id.length, id))),
  )
  const [left, right] = await Promise.all(codes.map((code) => exchange(node, code ?? '')))
  await callAdminApi(node, { action: 'revoke app session', id: 'left' })
  expect((await callApi(node, '/me', left ?? '')).status).toBe(401)
  expect((await callApi(node, '/me', right ?? '')).status).toBe(200)
})
