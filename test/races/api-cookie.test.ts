import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StartedSession } from '../../src/index.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually, startCluster, type Cluster } from '../support/cluster.ts'
import { dose } from '../support/dose.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { API_COOKIE, callAsSpa } from '../support/spa.ts'

const ROUNDS = dose(2, 30)
const MINUTE = 60_000

const server = await startServer()
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, 2, { config: { apiCookie: {} } })))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const nodeAt = (index: number): TestServer => cluster.nodes[index % 2] ?? server

/** Returns the API cookie that a node issues by the session cookie. Undefined if the session is over. */
async function renewAt(node: TestServer, session: string): Promise<string | undefined> {
  const browser = openBrowser(server)
  browser.setCookie('consulate_session', session)
  const headers = { origin: server.origin }
  const { status } = await callAsSpa(browser, node.endpoint('/oauth/token/refresh'), {
    method: 'POST',
    headers,
  })
  expect([200, 401]).toContain(status)
  return status === 200 ? browser.cookies.get(API_COOKIE) : undefined
}

async function statusAt(node: TestServer, cookie: string): Promise<number> {
  const cookies = new Map([[API_COOKIE, cookie]])
  return (await callAsSpa(openBrowser(server), node.endpoint('/me'), { cookies })).status
}

test('no API cookie survives a sign-out at another node, however it races with renewals', async () => {
  const renewed: string[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id } = await server.addUser()
    const { body } = await callAdminApi(nodeAt(round), { action: 'start session', id, cookie: '' })
    const { cookies } = body as unknown as StartedSession
    const browser = openBrowser(server)
    browser.receive(cookies)
    const session = browser.cookies.get('consulate_session') ?? ''
    const renewals = [0, 1, 2, 3].map((index) => renewAt(nodeAt(index), session))
    const signOut = callAdminApi(nodeAt(round), {
      action: 'end session',
      cookie: `consulate_session=${session}`,
    })
    const issued = await Promise.all([...renewals, renewAt(nodeAt(1), session), renewAt(nodeAt(0), session)])
    expect((await signOut).status).toBe(200)
    renewed.push(browser.cookies.get(API_COOKIE) ?? '', ...issued.filter((cookie) => cookie !== undefined))
    for (const node of cluster.nodes) expect(await renewAt(node, session)).toBeUndefined()
  }
  const areRefused = async (): Promise<boolean> => {
    const statuses = cluster.nodes.flatMap((node) => renewed.map((cookie) => statusAt(node, cookie)))
    return (await Promise.all(statuses)).every((status) => status === 401)
  }
  expect(await eventually(areRefused)).toBe(true)
  // Nor do they come back before they expire.
  await cluster.setClocks(14 * MINUTE)
  expect(await areRefused()).toBe(true)
})
