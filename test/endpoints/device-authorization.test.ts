import { expect, test } from 'vitest'
import type { Store } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser } from '../support/browser.ts'
import {
  addDeviceClient,
  decideDevice,
  pollOutcome,
  requestDeviceCode,
  startDevice,
} from '../support/device.ts'
import { startServer } from '../support/server.ts'

/** A node that does not poll revocations during the test. */
const SLOW = { pollInterval: '30s', maxStaleness: '60s' } as const

type Insert = Store['deviceCodes']['insert']
type DeviceCode = Parameters<Insert>[0]

/** A real store that calls `before` with each device code before inserting it. */
function storeWith(before: (code: DeviceCode) => Promise<DeviceCode>): Store {
  const store = sqlite(':memory:')
  const insert: Insert = async (code) => store.deviceCodes.insert(await before(code))
  return { ...store, deviceCodes: { ...store.deviceCodes, insert } }
}

/** Repeats the user code of the first device `times` times. */
function repeatUserCode(times: number) {
  const inserted: string[] = []
  const store = storeWith(async (code) => {
    inserted.push(code.userCodeHash)
    const isTaken = inserted.length > 1 && inserted.length <= times + 1
    return isTaken ? { ...code, userCodeHash: inserted[0] ?? '' } : code
  })
  return { store, inserted }
}

test('a user code that is already taken is replaced, and both devices work', async () => {
  const { store, inserted } = repeatUserCode(3)
  await using server = await startServer({ store })
  const [tv, user] = [await addDeviceClient(server), await server.addUser()]
  const devices = [await startDevice(server, tv), await startDevice(server, tv)]
  expect(inserted).toHaveLength(5)
  const browser = openBrowser(server)
  for (const device of devices) {
    await decideDevice(browser, device, user)
    expect(await pollOutcome(server, device)).toBe('200')
  }
})

test('a device gets temporarily_unavailable if no free user code is found', async () => {
  const { store } = repeatUserCode(10)
  await using server = await startServer({ store })
  const tv = await addDeviceClient(server)
  await startDevice(server, tv)
  const { status, headers, body } = await requestDeviceCode(server, tv)
  expect([status, headers.get('retry-after'), body['error']]).toEqual([503, '1', 'temporarily_unavailable'])
  expect((await requestDeviceCode(server, tv)).status).toBe(200)
})

test('a client that another node revokes gets no codes from this one', async () => {
  await using server = await startServer()
  const { file, issuer } = server
  await using other = await startServer({ file, issuer, revocations: SLOW })
  const tv = await addDeviceClient(server)
  expect((await requestDeviceCode(other, tv)).status).toBe(200)
  await server.server.clients.revoke(tv.id)
  const { status, body } = await requestDeviceCode(other, tv)
  expect([status, body['error']]).toEqual([401, 'invalid_client'])
})

test('the verification URI of an issuer with a path has the path once', async () => {
  await using server = await startServer({ path: '/tenant' })
  const { uri, completeUri } = await startDevice(server, await addDeviceClient(server))
  expect(uri).toBe(`${server.origin}/tenant/oauth/device`)
  expect(completeUri.startsWith(`${uri}?user_code=`)).toBe(true)
})

test('a client that is revoked during the request gets no codes', async () => {
  let revoke: (id: string) => Promise<void> = async () => {}
  const store = storeWith(async (code) => {
    await revoke(code.clientId)
    return code
  })
  await using server = await startServer({ store })
  const tv = await addDeviceClient(server)
  revoke = async (id) => void (await server.server.clients.revoke(id))
  const { status, body } = await requestDeviceCode(server, tv)
  expect([status, body['error']]).toEqual([401, 'invalid_client'])
})
