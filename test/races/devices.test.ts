import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { printDurations, startCluster, timeUntilRejected } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { commonConfig } from '../support/config.ts'
import { callApi } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startProcess } from '../support/process.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import { startServer } from '../support/server.ts'
import type { TestServer, TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postRefresh } from '../support/sign-in-api.ts'
import type { DeviceTokens } from '../support/sign-in-api.ts'
import { dose } from '../support/dose.ts'

const server = await startServer({ grants: [...commonConfig().grants, signIn()] })
let cluster: Cluster
/** Racing requests start within this time (ms), which is about as long as each takes. */
const SPREAD = 30
/** Attempts count as failures until they finish. */
const PLENTY = { failures: 100_000, window: '1m' } as const
beforeAll(
  async () =>
    void (cluster = await startCluster(server, 2, {
      config: { throttle: { perAddress: PLENTY, perAccount: PLENTY } },
    })),
)
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

/** The devices of one user. */
interface Devices {
  readonly user: TestUser
  readonly phone: DeviceTokens
  readonly tablet: DeviceTokens
  readonly desktop: DeviceTokens
}

async function signInOnThreeDevices(): Promise<Devices> {
  const user = await server.addUser()
  const [phone, tablet, desktop] = [
    await logIn(nodeAt(0), user, { device_name: 'Phone' }),
    await logIn(nodeAt(1), user, { device_name: 'Tablet' }),
    await logIn(nodeAt(0), user, { device_name: 'Desktop' }),
  ]
  return { user, phone, tablet, desktop }
}

const nodeAt = (index: number): TestServer => cluster.nodes[index] ?? server
const signOut = (node: TestServer, { access_token: token }: DeviceTokens): Promise<JsonResponse> =>
  callSignInApi(node, '/auth/logout', { token })
const signOutOfAll = (node: TestServer, { access_token: token }: DeviceTokens): Promise<JsonResponse> =>
  callSignInApi(node, '/auth/logout-all', { token })
const refresh = (node: TestServer, { refresh_token: token }: DeviceTokens): Promise<JsonResponse> =>
  postRefresh(node, token)
const tokensIn = (body: JsonResponse['body']): DeviceTokens => body as unknown as DeviceTokens
const statusOfCall = async (node: TestServer, { access_token: token }: DeviceTokens): Promise<number> =>
  (await callApi(node, '/me', token)).status

/** Checks that a device can call both nodes and refresh. */
async function expectSignedIn(device: DeviceTokens): Promise<void> {
  expect(await Promise.all(cluster.nodes.map((node) => statusOfCall(node, device)))).toEqual([200, 200])
  const { status, body } = await refresh(cluster.randomNode(), device)
  expect(status).toBe(200)
  expect(await statusOfCall(cluster.randomNode(), tokensIn(body))).toBe(200)
}

/** Checks that neither token of a device works on any node, now or soon. */
async function expectSignedOut(device: DeviceTokens): Promise<void> {
  for (const node of cluster.nodes) await timeUntilRejected(node, device.access_token)
  for (const node of cluster.nodes) {
    const { status, body } = await refresh(node, device)
    expect([status, body['error_description']]).toEqual([401, 'Token revoked'])
  }
}

describe('of three devices of a user on two processes, one signs out:', () => {
  const OUT = 'it is out immediately on that process, soon on the other, and the other two stay signed in'

  test(`${OUT}, with the feed of the store alone`, async () => signOutPhones(cluster))

  test.runIf(hasRedis)(`${OUT}, with Redis`, async () => {
    const redis = await startRedis()
    const connected = await startCluster(server, 2, { redis: redis.url })
    await signOutPhones(connected)
    await connected.stop()
    await redis.stop()
  })
})

/** Signs out the phones of several users, and prints how long the other process accepted their tokens. */
async function signOutPhones({ nodes }: Cluster): Promise<void> {
  const delays: number[] = []
  for (let round = 0; round < dose(2, 6); round += 1) {
    const { phone, tablet, desktop } = await signInOnThreeDevices()
    const [here = server, there = server] = round % 2 === 0 ? nodes : nodes.toReversed()
    expect(await Promise.all([here, there].map((node) => statusOfCall(node, phone)))).toEqual([200, 200])
    expect((await signOut(here, phone)).status).toBe(204)
    const [delay, status] = await Promise.all([
      timeUntilRejected(there, phone.access_token),
      statusOfCall(here, phone),
    ])
    expect(status).toBe(401)
    delays.push(delay)
    await expectSignedOut(phone)
    for (const device of [tablet, desktop]) await expectSignedIn(device)
  }
  printDurations('From the sign-out until the other process rejects the token', delays)
}

/** A call during the test: by which device, to which node, and whether it began after the sign-out. */
interface Call {
  readonly device: keyof Omit<Devices, 'user'>
  readonly node: number
  readonly isAfterSignOut: boolean
  readonly status: number
}

describe('during 360 parallel calls of three devices to two processes,', () => {
  test('the sign-out of one device refuses no call of the others', async () => {
    const devices = await signInOnThreeDevices()
    const calls: Call[] = []
    let isSignedOut = false
    let signingOut: Promise<void> | undefined
    const signPhoneOut = async (): Promise<void> => {
      expect((await signOut(nodeAt(0), devices.phone)).status).toBe(204)
      isSignedOut = true
    }
    const call = async (device: Call['device'], node: number): Promise<void> => {
      const isAfterSignOut = isSignedOut
      const status = await statusOfCall(nodeAt(node), devices[device])
      calls.push({ device, node, isAfterSignOut, status })
    }
    const callTenTimes = async (device: Call['device'], node: number): Promise<void> => {
      for (let count = 0; count < 10; count += 1) {
        await call(device, node)
        if (calls.length >= 120) signingOut ??= signPhoneOut()
      }
    }
    const workers = (['phone', 'tablet', 'desktop'] as const).flatMap((device) =>
      Array.from({ length: 12 }, (_, index) => callTenTimes(device, index % 2)),
    )
    await Promise.all(workers)
    await signingOut
    expect(calls).toHaveLength(360)
    // The sign-out may take longer than all of them.
    await call('phone', 0)
    const statuses = (isIn: (call: Call) => boolean) =>
      new Set(calls.filter(isIn).map(({ status }) => status))
    expect(statuses(({ device }) => device !== 'phone')).toEqual(new Set([200]))
    expect(statuses(({ device }) => device === 'phone')).toEqual(new Set([200, 401]))
    expect(
      statuses(({ device, node, isAfterSignOut }) => device === 'phone' && node === 0 && isAfterSignOut),
    ).toEqual(new Set([401]))
    await expectSignedOut(devices.phone)
    for (const device of [devices.tablet, devices.desktop]) await expectSignedIn(device)
  })
})

describe('if a process is killed', () => {
  test('right after it signed a device out, the others learn of it, also one that starts later', async () => {
    const { phone, tablet, desktop } = await signInOnThreeDevices()
    const { node, kill } = await startProcess(server)
    expect(await statusOfCall(node, phone)).toBe(200)
    expect((await signOut(node, phone)).status).toBe(204)
    await kill()
    const late = await startProcess(server)
    expect(await statusOfCall(late.node, phone)).toBe(401)
    expect(await statusOfCall(late.node, tablet)).toBe(200)
    await late.stop()
    await expectSignedOut(phone)
    for (const device of [tablet, desktop]) await expectSignedIn(device)
  })

  test('before it responds to a sign-out or a refresh, both can be repeated at another process', async () => {
    for (let round = 0; round < dose(1, 4); round += 1) {
      const { phone, tablet, desktop } = await signInOnThreeDevices()
      const { node, kill } = await startProcess(server)
      const interrupted = [signOut(node, phone), refresh(node, tablet)].map((request) =>
        request.then(
          ({ status }) => status,
          () => 'interrupted',
        ),
      )
      await sleep(Math.random() * 20)
      await kill()
      expect(await interrupted[0]).toBeOneOf([204, 'interrupted'])
      expect(await interrupted[1]).toBeOneOf([200, 'interrupted'])
      expect((await signOut(nodeAt(1), phone)).status).toBe(204)
      await expectSignedOut(phone)
      for (const device of [tablet, desktop]) await expectSignedIn(device)
    }
  })
})

describe('if a process is killed while it signs out fifty devices,', () => {
  test('either all or none of them are signed out, and it can be repeated', async () => {
    for (let round = 0; round < dose(1, 3); round += 1) {
      const { user, phone, desktop } = await signInOnThreeDevices()
      for (let count = 0; count < 47; count += 1) await server.server.sessions.signIn(user.id)
      const { node, kill } = await startProcess(server)
      const request = signOutOfAll(node, phone).catch(() => undefined)
      await sleep(Math.random() * 30)
      await kill()
      await request
      const remaining = await server.server.sessions.list(user.id)
      expect(remaining.length).toBeOneOf([0, 50])
      if (remaining.length > 0) expect((await signOutOfAll(nodeAt(1), phone)).status).toBe(204)
      for (const device of [phone, desktop]) await expectSignedOut(device)
    }
  })
})

const signOutPhone = (node: TestServer, { phone }: Devices): Promise<JsonResponse> => signOut(node, phone)

/** Ways to sign out a phone. */
const WAYS: Readonly<Record<string, (node: TestServer, devices: Devices) => Promise<JsonResponse>>> = {
  'its access token': signOutPhone,
  'its refresh token': (node, { phone }) =>
    callSignInApi(node, '/auth/logout', { body: { refresh_token: phone.refresh_token } }),
  'its id, from another device': (node, { phone, desktop }) =>
    callSignInApi(node, `/auth/devices/${phone.session_id}`, {
      method: 'DELETE',
      token: desktop.access_token,
    }),
}

describe('a device that refreshes on several processes while it is signed out by', () => {
  test.each(Object.keys(WAYS))('%s keeps no token that works', async (way) => {
    const rounds = Array.from({ length: dose(2, 8) }, () => race(way))
    await Promise.all(rounds.map(async (round) => expectOnlyPhoneSignedOut(await round)))
  })
})

/** Six refreshes and a sign-out of a phone, on random nodes at random times. */
async function race(way: string): Promise<{ devices: Devices; issued: readonly DeviceTokens[] }> {
  const devices = await signInOnThreeDevices()
  const soon = async (act: (node: TestServer) => Promise<JsonResponse>): Promise<JsonResponse> => {
    await sleep(Math.random() * SPREAD)
    return act(cluster.randomNode())
  }
  const refreshes = Array.from({ length: 6 }, () => soon((node) => refresh(node, devices.phone)))
  const signedOut = await soon((node) => (WAYS[way] ?? signOutPhone)(node, devices))
  expect(signedOut.status).toBe(204)
  const responses = await Promise.all(refreshes)
  for (const { status } of responses) expect(status).toBeOneOf([200, 401])
  const issued = responses.filter(({ status }) => status === 200).map(({ body }) => tokensIn(body))
  return { devices, issued }
}

async function expectOnlyPhoneSignedOut({
  devices,
  issued,
}: Awaited<ReturnType<typeof race>>): Promise<void> {
  const { phone, tablet, desktop } = devices
  await Promise.all([phone, ...issued].map(expectSignedOut))
  await Promise.all([tablet, desktop].map(expectSignedIn))
}

describe('of sixty sign-ins while the user signs out of all devices,', () => {
  test('those that had a response before are signed out, and those that start later stay signed in', async () => {
    const { user, desktop } = await signInOnThreeDevices()
    const [before, after]: [DeviceTokens[], DeviceTokens[]] = [[], []]
    let signingOut: Promise<JsonResponse> | undefined
    let isSignedOut = false
    const signOutAndMark = async (): Promise<JsonResponse> => {
      const response = await signOutOfAll(nodeAt(0), desktop)
      isSignedOut = true
      return response
    }
    const signInFiveTimes = async (_: unknown, index: number): Promise<void> => {
      for (let count = 0; count < 5; count += 1) {
        const startsLater = isSignedOut
        const device = await logIn(nodeAt(index % 2), user)
        if (!signingOut) before.push(device)
        if (startsLater) after.push(device)
        if (before.length >= 20) signingOut ??= signOutAndMark()
      }
    }
    await Promise.all(Array.from({ length: 12 }, signInFiveTimes))
    expect((await signingOut)?.status).toBe(204)
    after.push(await logIn(nodeAt(1), user))
    await Promise.all([desktop, ...before].map(expectSignedOut))
    await Promise.all(after.map(expectSignedIn))
  })
})
