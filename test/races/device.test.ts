import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import {
  isRejectedEverywhere,
  isAcceptedEverywhere,
  RACING_NODES,
  startCluster,
  refreshOutcome,
} from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import {
  addDeviceClient,
  decideDevice,
  openDevicePage,
  poll,
  startDevice,
  enterCode,
  pollOutcome,
} from '../support/device.ts'
import type { Device } from '../support/device.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { dose } from '../support/dose.ts'

const server = await startServer({ throttle: { perAddress: { failures: 1_000, window: '1m' } } })
const user = await server.addUser()
const tv = await addDeviceClient(server)
const phone = openBrowser(server)
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, RACING_NODES)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const textOf = ({ body }: JsonResponse, name: string): string => String(body[name])
const winnersIn = (responses: readonly JsonResponse[]): readonly JsonResponse[] =>
  responses.filter(({ status }) => status === 200)
const errorsIn = (responses: readonly JsonResponse[]): ReadonlySet<unknown> =>
  new Set(responses.filter(({ status }) => status !== 200).map(({ body }) => body['error']))

/** Opens a browser at a node. Its forms have the origin of the issuer, as behind a proxy. */
const browserAt = (node: TestServer): Browser => openBrowser({ ...node, formOrigin: server.origin })

test('one of many parallel polls of an approved code gets tokens, which the others revoke as replays', async () => {
  const device = await startDevice(server, tv)
  await decideDevice(phone, device, user)
  const responses = await cluster.inParallel(60, (node) => poll(node, device))
  const [winner, ...others] = winnersIn(responses)
  expect(others).toEqual([])
  expect(errorsIn(responses)).toEqual(new Set(['invalid_grant']))
  if (!winner) throw new Error('No request succeeded')
  expect(await isRejectedEverywhere(cluster.nodes, textOf(winner, 'access_token'))).toBe(true)
  expect(await refreshOutcome(cluster.randomNode(), tv, textOf(winner, 'refresh_token'))).toBe(
    'invalid_grant',
  )
})

test('parallel polls of a pending code get authorization_pending once per process, and otherwise slow_down', async () => {
  const device = await startDevice(server, tv)
  const responses = await cluster.inParallel(60, (node) => poll(node, device))
  const waiting = responses.filter(({ body }) => body['error'] === 'authorization_pending')
  // A process does not compare its clock with those of others: one poll follows another process's, and is in time.
  expect(waiting.length).toBeGreaterThan(0)
  expect(errorsIn(responses)).toEqual(new Set(['authorization_pending', 'slow_down']))
  await decideDevice(phone, device, user)
  expect(await pollOutcome(cluster.randomNode(), device)).toBe('200')
})

test('a device that polls several nodes while the user approves at another keeps its tokens', async () => {
  for (let round = 0; round < dose(2, 8); round += 1) {
    const device = await startDevice(cluster.randomNode(), tv)
    const question = await enterCode(phone, { ...device, uri: server.endpoint('/oauth/device') }, user)
    const [tokens] = await Promise.all([pollInTurn(device), phone.press(question, 'Allow')])
    expect(await isAcceptedEverywhere(cluster.nodes, textOf(tokens, 'access_token'))).toBe(true)
    expect(await refreshOutcome(cluster.randomNode(), tv, textOf(tokens, 'refresh_token'))).toBe('200')
  }
})

/** Polls random nodes until the user has approved. */
async function pollInTurn(device: Device): Promise<JsonResponse> {
  for (;;) {
    const response = await poll(cluster.randomNode(), device)
    if (response.status === 200) return response
    expect(response.body['error']).toBeOneOf(['authorization_pending', 'slow_down'])
  }
}

test('one of twelve users who enter a code in parallel claims it, and only this user can approve it', async () => {
  const device = await startDevice(server, tv)
  const crowd = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const browser = browserAt(cluster.nodes[index % RACING_NODES] ?? server)
      return { browser, page: await openDevicePage(browser, '/oauth/device', await server.addUser()) }
    }),
  )
  const pages = await Promise.all(
    crowd.map(({ browser, page }) => browser.press(page, 'Continue', { user_code: device.userCode })),
  )
  const claimed = pages.map(({ text }) => text.includes('Allow this device?'))
  expect(claimed.filter(Boolean)).toHaveLength(1)
  const done = await Promise.all(
    crowd.map(({ browser, page }) =>
      browser.press(page, 'Continue', { user_code: device.userCode, intent: 'approve' }),
    ),
  )
  expect(done.map(({ text }) => text.includes('Go back to your device'))).toEqual(claimed)
})

test('a parallel approval and denial have one outcome, which both pages show', async () => {
  const seen = new Set<string>()
  for (let round = 0; round < dose(2, 12); round += 1) {
    const device = await startDevice(server, tv)
    const question = await enterCode(phone, device, user)
    const pages = await Promise.all([
      phone.press(question, round % 2 === 0 ? 'Allow' : "Don't allow"),
      phone.press(question, round % 2 === 0 ? "Don't allow" : 'Allow'),
    ])
    const verdict = await pollOutcome(cluster.randomNode(), device)
    const message = verdict === '200' ? 'Go back to your device' : "wasn't given access"
    for (const { text } of pages) expect(text).toContain(message)
    seen.add(verdict)
  }
  expect([...seen].every((verdict) => ['200', 'access_denied'].includes(verdict))).toBe(true)
})

test('no token works that a device got while its user was signed out everywhere', async () => {
  const outcomes: JsonResponse[] = []
  // Repeats until some device was faster than the sign-out.
  for (let round = 0; round < dose(3, 16) || (winnersIn(outcomes).length === 0 && round < 64); round += 1) {
    const newUser = await server.addUser()
    const device = await startDevice(server, tv)
    await decideDevice(openBrowser(server), device, newUser)
    const [response] = await Promise.all([
      poll(cluster.randomNode(), device),
      callAdminApi(cluster.randomNode(), { action: 'sign out everywhere', id: newUser.id }),
    ])
    expect([response.status, response.body['error']]).toBeOneOf([
      [200, undefined],
      [400, 'invalid_grant'],
    ])
    outcomes.push(response)
    expect(
      (await callAdminApi(cluster.randomNode(), { action: 'list sessions', id: newUser.id })).body,
    ).toEqual([])
  }
  for (const winner of winnersIn(outcomes)) {
    expect(await isRejectedEverywhere(cluster.nodes, textOf(winner, 'access_token'))).toBe(true)
    expect(await refreshOutcome(cluster.randomNode(), tv, textOf(winner, 'refresh_token'))).toBe(
      'invalid_grant',
    )
  }
})
