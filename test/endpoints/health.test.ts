import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'
import { fetchJson } from '../support/oauth-client.ts'
import { createSecrets } from '../support/secrets.ts'
import { startServer, type TestServer } from '../support/server.ts'

const [LIVE, READY] = ['/oauth/health/live', '/oauth/health/ready']
const GOOD = { started: true, store: true, revocations: true }

const statusesOf = async (server: TestServer): Promise<readonly number[]> =>
  Promise.all([LIVE, READY].map(async (path) => (await fetchJson(server, path)).status))

/** Counts the log lines about readiness. */
const told = ({ logs }: TestServer): number =>
  logs.filter((line) => /Server is (not )?ready/.test(line)).length

describe('a healthy server', () => {
  test('is live and ready from the first request, and the response is not cached', async () => {
    await using server = await startServer()
    const live = await fetchJson(server, LIVE)
    const ready = await fetchJson(server, READY)
    expect([live.status, live.body]).toEqual([200, { live: true }])
    expect([ready.status, ready.body]).toEqual([200, { ready: true, checks: GOOD }])
    for (const { headers } of [live, ready]) {
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-type')).toBe('application/json')
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    expect(await server.server.health()).toEqual({
      isReady: true,
      checks: GOOD,
      broadcast: 'none',
      isStopping: false,
      problems: [],
    })
  })

  test('does not log probes', async () => {
    await using server = await startServer()
    await server.server.ready()
    const before = server.logs.length
    for (let count = 0; count < 20; count += 1) await statusesOf(server)
    expect(server.logs).toHaveLength(before)
    expect(server.events).toEqual([])
  })

  test('responds below its own prefix and path only, and to GET and HEAD only', async () => {
    await using server = await startServer({ prefix: '/id/oauth2', path: '/tenant' })
    const path = '/id/oauth2/health/ready'
    expect((await fetchJson(server, path)).status).toBe(200)
    for (const other of ['/health/ready', '/oauth/health/ready'])
      expect((await fetch(server.origin + other)).status).toBe(404)
    const head = await fetch(server.endpoint(path), { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const refused = await fetchJson(server, path, { method: 'POST' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    expect((await fetch(server.endpoint(path), { method: 'OPTIONS' })).status).toBe(204)
  })

  test('lists both probes among its routes', async () => {
    await using server = await startServer()
    expect(server.server.routes).toEqual(
      expect.arrayContaining([
        { name: 'live', path: LIVE, methods: ['GET'], cors: 'none' },
        { name: 'ready', path: READY, methods: ['GET'], cors: 'none' },
        { name: 'token', path: '/oauth/token', methods: ['POST'], cors: 'clients' },
      ]),
    )
  })
})

// Most of the time of these tests is waiting.
describe.concurrent('a server is live but not ready if', () => {
  test('it cannot start, with the wrong secrets', async ({ expect }) => {
    await using first = await startServer()
    await first.server.ready()
    await using second = await startServer({ file: first.file, secrets: createSecrets() })
    expect((await fetchJson(second, LIVE)).status).toBe(200)
    for (let count = 0; count < 3; count += 1) {
      const { status, headers, body } = await fetchJson(second, READY)
      expect([status, headers.get('retry-after')]).toEqual([503, '5'])
      expect(body).toEqual({ ready: false, checks: { started: false, store: false, revocations: false } })
    }
    const { problems } = await second.server.health()
    expect(problems.join()).toMatch(/cannot start: .*not those of this database/s)
    expect(told(second)).toBe(1)
  })

  test('its database is closed, which is logged once', async ({ expect }) => {
    await using server = await startServer({ store: sqlite({ path: ':memory:' }) })
    expect(await statusesOf(server)).toEqual([200, 200])
    await server.store.close()
    await expect.poll(() => statusesOf(server)).toEqual([200, 503])
    const { headers, body } = await fetchJson(server, READY)
    expect(headers.get('retry-after')).toBe('1')
    expect(body).toEqual({ ready: false, checks: { ...GOOD, store: false } })
    expect(JSON.stringify(body)).not.toMatch(/sqlite|path|version/i)
    expect(told(server)).toBe(1)
  })

  test('its database never responds, which takes at most seconds to find out', async ({ expect }) => {
    const hung = { isHung: false }
    const store = sqlite(':memory:')
    const find: typeof store.clients.find = (id) =>
      hung.isHung ? new Promise(() => {}) : store.clients.find(id)
    await using server = await startServer({ store: { ...store, clients: { ...store.clients, find } } })
    expect(await statusesOf(server)).toEqual([200, 200])
    hung.isHung = true
    await sleep(600)
    const asked = performance.now()
    expect(await statusesOf(server)).toEqual([200, 503])
    expect(performance.now() - asked).toBeLessThan(4000)
    expect((await server.server.health()).problems.join()).toContain('no response within')
  })

  test('its revocations are stale, until they are fresh again', async ({ expect }) => {
    const broken = { isBroken: false }
    const store = sqlite(':memory:')
    const listSince: typeof store.revocations.listSince = async (...args) => {
      if (broken.isBroken) throw new Error('the feed is cut')
      return store.revocations.listSince(...args)
    }
    await using server = await startServer({
      store: { ...store, revocations: { ...store.revocations, listSince } },
      revocations: { pollInterval: '50ms', maxStaleness: '2s' },
    })
    expect(await statusesOf(server)).toEqual([200, 200])
    broken.isBroken = true
    await expect.poll(() => statusesOf(server)).toEqual([200, 503])
    expect((await fetchJson(server, READY)).body).toEqual({
      ready: false,
      checks: { ...GOOD, revocations: false },
    })
    expect((await server.server.health()).problems.join()).toContain('the feed is cut')
    broken.isBroken = false
    await expect.poll(() => statusesOf(server)).toEqual([200, 200])
    expect(told(server)).toBe(2)
  })
})
