import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser } from '../support/browser.ts'
import { addDeviceClient, decideDevice, poll, startDevice } from '../support/device.ts'
import { fetchJson, formBody, getCode, refresh, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

/** The number of next commits whose answers are lost: the connection to the database fails just after them. */
let lost = 0

const fail = (): never => {
  throw new StoreUnavailableError('The database cannot be used', new Error('Connection reset'))
}

/** Runs instead of the next write, which fails. */
let meanwhile: (() => Promise<unknown>) | undefined

/** Wraps a method that writes. */
const losing =
  <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    const instead = meanwhile
    meanwhile = undefined
    if (instead) return instead().then(fail)
    const result = await write(...args)
    if (lost === 0) return result
    lost -= 1
    return fail()
  }

/** Decides whether a read that is not needed for the tokens fails. */
let failsRead = (): boolean => false

/** Wraps a method that reads. */
const failing =
  <Args extends unknown[], Result>(read: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> =>
    failsRead() ? fail() : read(...args)

const folder = await mkdtemp(join(tmpdir(), 'consulate-lost-'))
const file = join(folder, 'data.db')
const real = sqlite(file)
const store: Store = {
  ...real,
  codes: { ...real.codes, exchange: losing(real.codes.exchange) },
  deviceCodes: { ...real.deviceCodes, exchange: losing(real.deviceCodes.exchange) },
  clients: { ...real.clients, isPublicOrigin: failing(real.clients.isPublicOrigin) },
  sessions: { ...real.sessions, listByUser: failing(real.sessions.listByUser) },
}
const server = await startServer({ store, file, maxSessions: 10 })
const user = await server.addUser()
beforeEach(() => {
  lost = 0
  failsRead = () => false
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

test('a code whose exchange was committed without an answer gives its tokens, and no others', async () => {
  const client = await server.addClient()
  const { exchange } = await getCode({ server, browser: openBrowser(server), client, user })
  lost = 1
  const { status, body } = await requestToken(server, client, exchange)
  expect([status, lost]).toEqual([200, 0])
  const created = server.events.filter(({ name }) => name === 'authorization.created')
  expect(created).toHaveLength(1)
  const next = await refresh({ server, client }, String(body['refresh_token']))
  expect(next.status).toBe(200)
  expect((await requestToken(server, client, exchange)).body['error']).toBe('invalid_grant')
})

test('so does a device code', async () => {
  const client = await addDeviceClient(server)
  const device = await startDevice(server, client)
  await decideDevice(openBrowser(server), device, user)
  lost = 1
  const { status, body } = await poll(server, device)
  expect([status, lost]).toEqual([200, 0])
  expect((await refresh({ server, client }, String(body['refresh_token']))).status).toBe(200)
})

test('an exchange that another request won meanwhile is refused', async () => {
  const client = await server.addClient()
  const { exchange } = await getCode({ server, browser: openBrowser(server), client, user })
  lost = 1
  const answers = await Promise.all([1, 2, 3].map(() => requestToken(server, client, exchange)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
})

test('nor is the authorization of another request taken for its own', async () => {
  const client = await server.addClient()
  const { exchange } = await getCode({ server, browser: openBrowser(server), client, user })
  let winner = 0
  meanwhile = async () => (winner = (await requestToken(server, client, exchange)).status)
  const { status, body } = await requestToken(server, client, exchange)
  expect([winner, status, body['error']]).toEqual([200, 400, 'invalid_grant'])
})

test('a database that stays away is a 503', async () => {
  const client = await server.addClient()
  const { exchange } = await getCode({ server, browser: openBrowser(server), client, user })
  lost = Number.POSITIVE_INFINITY
  expect((await requestToken(server, client, exchange)).status).toBe(503)
})

test('a code is not spent if the database fails while the origin of the app is looked up', async () => {
  const client = await server.addClient({ type: 'public' })
  const { exchange } = await getCode({ server, browser: openBrowser(server), client, user })
  const post = () =>
    fetchJson(server, '/oauth/token', {
      method: 'POST',
      body: formBody({ client_id: client.id, ...exchange }),
      headers: { origin: 'https://app.example' },
    })
  failsRead = () => true
  expect((await post()).status).toBe(503)
  failsRead = () => false
  expect((await post()).status).toBe(200)
})

test('a device gets its tokens even if the database fails while sessions above the limit are ended', async () => {
  const client = await addDeviceClient(server)
  const device = await startDevice(server, client)
  await decideDevice(openBrowser(server), device, user)
  let reads = 0
  // The first read is for the time of the new session, before the exchange.
  failsRead = () => (reads += 1) > 1
  expect([(await poll(server, device)).status, reads]).toEqual([200, 2])
})
