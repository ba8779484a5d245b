import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import {
  isRejectedEverywhere,
  isAcceptedEverywhere,
  eventually,
  startCluster,
  refreshOutcome,
} from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import {
  callApi,
  requestToken,
  claimOf,
  getCode,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import type { JsonResponse, CodeFlow } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import type { AdminTask } from '../support/admin-api.ts'
import type { ServerProcess } from '../support/process.ts'
import { addDeviceClient, decideDevice, pollOutcome, startDevice } from '../support/device.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
let cluster: Cluster
let left: ServerProcess
let right: ServerProcess
beforeAll(async () => {
  cluster = await startCluster(server, 2)
  const [one, other] = cluster.processes
  if (!one || !other) throw new Error('No processes')
  ;[left, right] = [one, other]
})
afterEach(() => cluster.setClocks(0))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const openBrowserAt = ({ node }: ServerProcess): Browser =>
  openBrowser({ ...node, formOrigin: server.origin })
const visitAt = (process: ServerProcess, overrides: Partial<CodeFlow> = {}): CodeFlow => ({
  server: process.node,
  browser: openBrowserAt(process),
  client,
  user,
  ...overrides,
})
const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])
const statusOf = async (node: TestServer, token: string): Promise<number> =>
  (await callApi(node, '/me', token)).status
const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.open('/login')).text.includes("You're signed in")

describe('a clock that is set forward and back', () => {
  test('never makes a used code valid again', async () => {
    const { exchange } = await getCode(visitAt(left))
    expect((await requestToken(left.node, client, exchange)).status).toBe(200)
    for (const ahead of [-DAY, 0, 30_000, HOUR]) {
      await left.setClock(ahead)
      expect((await requestToken(left.node, client, exchange)).body['error']).toBe('invalid_grant')
    }
  })

  test('never gives a refresh token two successors', async () => {
    const first = (await getCodeFlowTokens(visitAt(left))).refresh_token
    const second = tokenIn(await refresh({ server: left.node, client }, first))
    await left.setClock(-DAY)
    expect(tokenIn(await refresh({ server: left.node, client }, first))).toBe(second)
    await left.setClock(0)
    expect(await refreshOutcome(left.node, client, second)).toBe('200')
    await left.setClock(2 * MINUTE)
    expect(await refreshOutcome(left.node, client, first)).toBe('invalid_grant')
    expect(await refreshOutcome(left.node, client, second)).toBe('invalid_grant')
  })

  test('applies to the expiration of tokens and sessions, but revokes none of them', async () => {
    const flow = visitAt(left)
    const tokens = await getCodeFlowTokens(flow)
    const ages = [
      { ahead: 14 * MINUTE, expected: [200, true] },
      { ahead: 15 * MINUTE, expected: [401, true] },
      { ahead: 13 * HOUR, expected: [401, false] },
      { ahead: -HOUR, expected: [200, true] },
      { ahead: 0, expected: [200, true] },
    ]
    for (const { ahead, expected } of ages) {
      await left.setClock(ahead)
      const found = [await statusOf(left.node, tokens.access_token), await isSignedIn(flow.browser)]
      expect([ahead, ...found]).toEqual([ahead, ...expected])
    }
    await left.setClock(31 * DAY)
    expect(await refreshOutcome(left.node, client, tokens.refresh_token)).toBe('invalid_grant')
    await left.setClock(-HOUR)
    const next = await refresh({ server: left.node, client }, tokens.refresh_token)
    expect(next.status).toBe(200)
    await left.setClock(0)
    expect(await refreshOutcome(left.node, client, tokenIn(next))).toBe('200')
  })

  test('does not extend a session that was used while it was ahead', async () => {
    const { browser, ...rest } = visitAt(left)
    await getCodeFlowTokens({ browser, ...rest })
    await left.setClock(11 * HOUR)
    expect(await isSignedIn(browser)).toBe(true)
    await left.setClock(0)
    expect(await isSignedIn(browser)).toBe(true)
    await left.setClock(22 * HOUR)
    expect(await isSignedIn(browser)).toBe(true)
    await left.setClock(48 * HOUR)
    expect(await isSignedIn(browser)).toBe(false)
  })

  test.each([0, HOUR, -HOUR])(
    'never makes a token valid again that was revoked with the clock at %i ms, and no guard stale',
    async (whenRevoked) => {
      const target = await server.addUser()
      const tokens = await getCodeFlowTokens(visitAt(left, { user: target }))
      const other = await getCodeFlowTokens(visitAt(left))
      await left.setClock(whenRevoked)
      await callAdminApi(left.node, { action: 'sign out everywhere', id: target.id })
      for (const ahead of [0, -DAY, 14 * MINUTE, 0]) {
        await cluster.setClocks(ahead)
        expect(await isRejectedEverywhere(cluster.nodes, tokens.access_token)).toBe(true)
        expect(await refreshOutcome(right.node, client, tokens.refresh_token)).toBe('invalid_grant')
        expect(await isAcceptedEverywhere(cluster.nodes, other.access_token)).toBe(true)
      }
    },
  )

  test('does not hide that another node revoked a client', async () => {
    const revoked = await server.addClient({ grantTypes: ['client_credentials'] })
    const ask = { grant_type: 'client_credentials' }
    await left.setClock(HOUR)
    expect((await requestToken(left.node, revoked, ask)).status).toBe(200)
    await left.setClock(0)
    await callAdminApi(right.node, { action: 'revoke client', id: revoked.id })
    expect(await eventually(async () => (await requestToken(left.node, revoked, ask)).status === 401)).toBe(
      true,
    )
  })

  test('blocks an account for no longer than its window', async () => {
    const target = await server.addUser()
    const guess = async (): Promise<string> => {
      const browser = openBrowserAt(left)
      const wrong = { email: target.email, password: 'not this one' }
      return (await browser.signIn(await browser.open('/login'), wrong)).text
    }
    await left.setClock(DAY)
    for (let count = 0; count < 10; count += 1) await guess()
    expect(await guess()).toMatch(/Try again in \d+ minutes/)
    await left.setClock(0)
    expect(await guess()).toMatch(/Try again in (1\d|\d) minutes/)
    await left.setClock(16 * MINUTE)
    const browser = openBrowserAt(left)
    await browser.signIn(await browser.open('/login'), target)
    expect(await isSignedIn(browser)).toBe(true)
  })
})

describe('two processes whose clocks are ten minutes apart', () => {
  const setClocksApart = async (): Promise<void> => {
    await left.setClock(5 * MINUTE)
    await right.setClock(-5 * MINUTE)
  }

  test('accept a code once, and apply their own clocks to its expiration', async () => {
    await setClocksApart()
    const { exchange } = await getCode(visitAt(left))
    const responses = await cluster.inParallel(40, (node) => requestToken(node, client, exchange))
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1)
    const late = await getCode(visitAt(right))
    expect((await requestToken(left.node, client, late.exchange)).body['error']).toBe('invalid_grant')
    expect((await requestToken(right.node, client, late.exchange)).status).toBe(200)
  })

  test('refresh one token in turns without signing the user out', async () => {
    await setClocksApart()
    for (const start of [left, right]) {
      const { browser, ...rest } = visitAt(start)
      let token = (await getCodeFlowTokens({ browser, ...rest })).refresh_token
      for (let turn = 0; turn < 8; turn += 1) {
        const { node } = turn % 3 === 0 ? left : right
        const response = await refresh({ server: node, client }, token)
        expect(response.status).toBe(200)
        expect(await isAcceptedEverywhere(cluster.nodes, String(response.body['access_token']))).toBe(true)
        token = tokenIn(response)
      }
      const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
      for (const node of cluster.nodes)
        expect((await openBrowser(node).open('/login', { headers: { cookie } })).text).toContain(
          "You're signed in",
        )
    }
  })

  test('return the same next token to 100 parallel refreshes within the grace window', async () => {
    await left.setClock(20_000)
    await right.setClock(-20_000)
    const { refresh_token: token } = await getCodeFlowTokens(visitAt(right))
    const responses = await cluster.inParallel(100, (node) => refresh({ server: node, client }, token))
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(100)
    expect(new Set(responses.map(tokenIn)).size).toBe(1)
  })

  test('never take a retry for a replay or a poll for too early, if their clocks are 30 seconds apart', async () => {
    await left.setClock(15_000)
    await right.setClock(-15_000)
    const brief = await server.addClient({ graceWindow: '10s' })
    for (const [first, second] of [
      [left, right],
      [right, left],
    ] as const) {
      const { refresh_token: token } = await getCodeFlowTokens(visitAt(first, { client: brief }))
      const rotated = await refresh({ server: first.node, client: brief }, token)
      expect(tokenIn(await refresh({ server: second.node, client: brief }, token))).toBe(tokenIn(rotated))
      const device = await startDevice(first.node, await addDeviceClient(server))
      for (const { node } of [first, second])
        expect(await pollOutcome(node, device)).toBe('authorization_pending')
      await decideDevice(
        openBrowserAt(second),
        { ...device, uri: second.node.endpoint('/oauth/device') },
        user,
      )
      expect(await pollOutcome(first.node, device)).toBe('200')
    }
  })

  test('both reject what either revoked, for as long as either clock has not expired it', async () => {
    await setClocksApart()
    const cases = [
      [left, left],
      [left, right],
      [right, left],
      [right, right],
    ] as const
    for (const [issuer, revoker] of cases) {
      const visit = visitAt(issuer)
      const tokens = await getCodeFlowTokens(visit)
      const task: AdminTask = { action: 'revoke session', id: claimOf(tokens.access_token, 'sid') }
      expect((await callAdminApi(revoker.node, task)).body).toBe(true)
      expect(await isRejectedEverywhere(cluster.nodes, tokens.access_token)).toBe(true)
      expect(await isSignedIn(visit.browser)).toBe(false)
      // The last minute in which the slower clock has not expired the token.
      await right.setClock((issuer === left ? 19 : 9) * MINUTE)
      const { status, body } = await callApi(right.node, '/me', tokens.access_token)
      expect([status, body['error_description']]).toEqual([401, 'Token revoked'])
      await setClocksApart()
    }
  })
})
