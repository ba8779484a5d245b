import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callAdminApi } from '../support/admin-api.ts'
import { startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { callApi, claimOf, fetchJson } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'
import type { TestServer, TestUser } from '../support/server.ts'
import { deviceOf, postJson, signInDevice, timeUntilRejected } from '../support/signed-in-device.ts'
import type { SignedInDevice } from '../support/signed-in-device.ts'

const server = await startServer()
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
  readonly phone: SignedInDevice
  readonly tablet: SignedInDevice
  readonly desktop: SignedInDevice
}

async function signInOnThreeDevices(): Promise<Devices> {
  const user = await server.addUser()
  const [phone, tablet, desktop] = [
    await signInDevice(nodeAt(0), user, 'Phone'),
    await signInDevice(nodeAt(1), user, 'Tablet'),
    await signInDevice(nodeAt(0), user, 'Desktop'),
  ]
  return { user, phone, tablet, desktop }
}

const nodeAt = (index: number): TestServer => cluster.nodes[index] ?? server
const signOut = (node: TestServer, { accessToken }: SignedInDevice): Promise<JsonResponse> =>
  postJson(node, '/auth/logout', {}, accessToken)
const refresh = (node: TestServer, { refreshToken }: SignedInDevice): Promise<JsonResponse> =>
  postJson(node, '/auth/refresh', { refresh_token: refreshToken })
const statusOfCall = async (node: TestServer, { accessToken }: SignedInDevice): Promise<number> =>
  (await callApi(node, '/me', accessToken)).status

/** Checks that a device can call both nodes and refresh. */
async function expectSignedIn(device: SignedInDevice): Promise<void> {
  expect(await Promise.all(cluster.nodes.map((node) => statusOfCall(node, device)))).toEqual([200, 200])
  const { status, body } = await refresh(cluster.randomNode(), device)
  expect(status).toBe(200)
  expect(await statusOfCall(cluster.randomNode(), deviceOf(body))).toBe(200)
}

/** Checks that neither token of a device works on any node, now or soon. */
async function expectSignedOut(device: SignedInDevice): Promise<void> {
  for (const node of cluster.nodes) await timeUntilRejected(node, device.accessToken)
  for (const node of cluster.nodes) {
    const { status, body } = await refresh(node, device)
    expect([status, body['error_description']]).toEqual([401, 'Token revoked'])
  }
}

describe('of three devices of a user on two processes, one signs out:', () => {
  test('it is out immediately on that process, soon on the other, and the other two stay signed in', async () => {
    const delays: number[] = []
    for (let round = 0; round < 10; round += 1) {
      const { phone, tablet, desktop } = await signInOnThreeDevices()
      const [here, there] = [nodeAt(round % 2), nodeAt((round + 1) % 2)]
      expect(await Promise.all([here, there].map((node) => statusOfCall(node, phone)))).toEqual([200, 200])
      expect((await signOut(here, phone)).status).toBe(204)
      const [delay, status] = await Promise.all([
        timeUntilRejected(there, phone.accessToken),
        statusOfCall(here, phone),
      ])
      expect(status).toBe(401)
      delays.push(delay)
      await expectSignedOut(phone)
      for (const device of [tablet, desktop]) await expectSignedIn(device)
    }
    delays.sort((a, b) => a - b)
    console.info(
      `Until the other process rejects it: ${delays.map((delay) => delay.toFixed(0)).join(', ')} ms`,
    )
  })
})

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
    const callTenTimes = async (device: Call['device'], node: number): Promise<void> => {
      for (let count = 0; count < 10; count += 1) {
        const isAfterSignOut = isSignedOut
        calls.push({
          device,
          node,
          isAfterSignOut,
          status: await statusOfCall(nodeAt(node), devices[device]),
        })
        if (calls.length >= 120) signingOut ??= signPhoneOut()
      }
    }
    const workers = (['phone', 'tablet', 'desktop'] as const).flatMap((device) =>
      Array.from({ length: 12 }, (_, index) => callTenTimes(device, index % 2)),
    )
    await Promise.all(workers)
    await signingOut
    const statuses = (isIn: (call: Call) => boolean) =>
      new Set(calls.filter(isIn).map(({ status }) => status))
    expect(calls).toHaveLength(360)
    expect(statuses(({ device }) => device !== 'phone')).toEqual(new Set([200]))
    expect([...statuses(({ device }) => device === 'phone')].sort()).toEqual([200, 401])
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
    for (let round = 0; round < 4; round += 1) {
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

/** Ways to sign out a phone. Each returns the status. */
const WAYS: Readonly<Record<string, (node: TestServer, devices: Devices) => Promise<JsonResponse>>> = {
  'its access token': (node, { phone }) => signOut(node, phone),
  'its refresh token': (node, { phone }) =>
    postJson(node, '/auth/logout', { refresh_token: phone.refreshToken }),
  'its id, from another device': (node, { phone, desktop }) =>
    fetchJson(node, `/auth/devices/${phone.sessionId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${desktop.accessToken}` },
    }),
}

describe('a device that refreshes on several processes while it is signed out by', () => {
  test.each(Object.keys(WAYS))('%s keeps no token that works', async (way) => {
    for (let round = 0; round < 8; round += 1) {
      const devices = await signInOnThreeDevices()
      const refreshSoon = async (): Promise<JsonResponse> => {
        await sleep(Math.random() * SPREAD)
        return refresh(cluster.randomNode(), devices.phone)
      }
      const signOutSoon = async (): Promise<void> => {
        await sleep(Math.random() * SPREAD)
        expect((await WAYS[way]?.(cluster.randomNode(), devices))?.status).toBe(204)
      }
      const [responses] = await Promise.all([
        Promise.all(Array.from({ length: 6 }, refreshSoon)),
        signOutSoon(),
      ])
      for (const { status } of responses) expect(status).toBeOneOf([200, 401])
      const issued = responses.filter(({ status }) => status === 200).map(({ body }) => deviceOf(body))
      for (const device of [devices.phone, ...issued]) await expectSignedOut(device)
      for (const device of [devices.tablet, devices.desktop]) await expectSignedIn(device)
    }
  })
})

describe('of sixty sign-ins while the user signs out of all devices,', () => {
  test('only those that started afterwards stay signed in', async () => {
    const { user, desktop } = await signInOnThreeDevices()
    const devices: SignedInDevice[] = []
    let signingOut: Promise<JsonResponse> | undefined
    const signInFiveTimes = async (_: unknown, index: number): Promise<void> => {
      for (let count = 0; count < 5; count += 1) {
        const { status, body } = await postJson(nodeAt(index % 2), '/auth/login', {
          username: user.email,
          password: user.password,
        })
        expect(status).toBeOneOf([200, 401])
        if (status === 200) devices.push(deviceOf(body))
        if (devices.length >= 20)
          signingOut ??= postJson(nodeAt(0), '/auth/logout-all', {}, desktop.accessToken)
      }
    }
    await Promise.all(Array.from({ length: 12 }, signInFiveTimes))
    expect((await signingOut)?.status).toBe(204)
    const isNew = ({ accessToken }: SignedInDevice): boolean => claimOf(accessToken, 'epochs').endsWith(',1')
    const [late, early] = [devices.filter(isNew), devices.filter((device) => !isNew(device))]
    expect(early.length).toBeGreaterThan(0)
    for (const device of early) await expectSignedOut(device)
    for (const device of late) await expectSignedIn(device)
    const { body } = await callAdminApi(nodeAt(1), { action: 'list sessions', id: user.id })
    expect(body).toHaveLength(late.length)
  })
})
