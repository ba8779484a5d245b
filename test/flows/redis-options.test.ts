import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { redis } from '../../src/broadcast/redis.ts'
import { problemsOf } from '../support/config.ts'
import { eventually } from '../support/cluster.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import { startServer, type ServerOptions, type TestServer } from '../support/server.ts'

const PASSWORD = 'a password/with:@special#characters'
const COMPLETE = 'TOKEN_BLACK_LIST:COMPLETE'

describe.runIf(hasRedis)('redis()', () => {
  let store: Awaited<ReturnType<typeof startRedis>>
  beforeAll(async () => void (store = await startRedis('--requirepass', PASSWORD)))
  afterAll(() => store.stop())

  const urlOf = (user = '', path = ''): string =>
    `redis://${user}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${store.port}${path}`
  const revokeToken = (server: TestServer, tokenId: string) =>
    server.server.tokens.revoke({ tokenId, expiresAt: Date.now() + 900_000, sub: 'alice' })
  const hasKeys = (...keys: readonly string[]) =>
    eventually(async () => (await store.command('EXISTS', ...keys)) === keys.length)
  const start = async (broadcast: ServerOptions['broadcast'], issuer?: string): Promise<TestServer> => {
    const server = await startServer({ broadcast, ...(issuer !== undefined && { issuer }) })
    await server.server.ready()
    return server
  }

  test('takes a URL with a password and a database number', async () => {
    await using server = await start(redis(urlOf('', '/3')))
    await revokeToken(server, 'in-database-3')
    await store.command('SELECT', '3')
    expect(await hasKeys(COMPLETE, 'TOKEN_BLACK_LIST_alice_in-database-3')).toBe(true)
    await store.command('SELECT', '0')
    expect(await store.keys()).toEqual([])
    expect(server.logs.join()).not.toContain('special')
  })

  test('takes a client, uses only its options, and neither connects nor closes it', async () => {
    const client = createClient({ url: urlOf(), RESP: 3, keyPrefix: 'ignored:' })
    await using server = await start(redis(client, { keyPrefix: 'own:' }))
    await revokeToken(server, 'by-client')
    expect(await hasKeys(`own:${COMPLETE}`, 'own:TOKEN_BLACK_LIST_alice_by-client')).toBe(true)
    expect(client.isOpen).toBe(false)
    await client.connect()
    await server.server.close()
    expect(await client.ping()).toBe('PONG')
    client.destroy()
    await store.command('FLUSHALL')
  })

  test('keeps the keys of two issuers apart by their prefixes, and never mixes them without', async () => {
    await using first = await start(redis(urlOf(), { keyPrefix: 'first:' }))
    await using second = await start(redis(urlOf(), { keyPrefix: 'second:' }), 'https://second.example.com')
    expect(await hasKeys(`first:${COMPLETE}`, `second:${COMPLETE}`)).toBe(true)
    await using third = await start(redis(urlOf(), { keyPrefix: 'first:' }), 'https://third.example.com')
    const isRefused = (line: string) => line.includes('Another issuer uses the same keys')
    expect(await eventually(async () => third.logs.some(isRefused))).toBe(true)
    await revokeToken(third, 'of-third')
    await revokeToken(first, 'of-first')
    expect(await hasKeys(`first:${COMPLETE}`, 'first:TOKEN_BLACK_LIST_alice_of-first')).toBe(true)
    expect(await store.keys('*of-third')).toEqual([])
    expect((await second.server.health()).broadcast).toBe('connected')
    expect((await third.server.health()).broadcast).toBe('disconnected')
    expect([...first.logs, ...second.logs].filter(isRefused)).toEqual([])
  })

  test('writes everything again every ten minutes, in case a key was deleted, and keeps the marker', async () => {
    await using server = await start(redis(urlOf(), { keyPrefix: 'again:' }))
    const key = 'again:TOKEN_BLACK_LIST_alice_deleted'
    await revokeToken(server, 'deleted')
    expect(await hasKeys(`again:${COMPLETE}`, key)).toBe(true)
    await store.command('DEL', key)
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 600_000)
    expect(await hasKeys(key)).toBe(true)
    expect(await store.command('EXISTS', `again:${COMPLETE}`)).toBe(1)
  })

  test('needs no more permissions than the guide lists, nor do readers', async () => {
    const guide = await readFile('docs/guides/several-nodes.md', 'utf8')
    const lines = guide.split('\n').filter((line) => line.startsWith('ACL SETUSER'))
    expect(lines).toHaveLength(2)
    for (const line of lines)
      await store.command(...line.replace('>password', `>${PASSWORD}`).split(/ (?!password)/))
    await using server = await start(redis(urlOf('consulate', '/1')))
    await revokeToken(server, 'with-acl')
    await store.command('SELECT', '1')
    expect(await hasKeys(COMPLETE, 'TOKEN_BLACK_LIST_alice_with-acl')).toBe(true)
    await store.command('SELECT', '0')
    expect((await server.server.health()).broadcast).toBe('connected')
    const reader = await createClient({ url: urlOf('reader', '/1'), disableClientInfo: true }).connect()
    expect(await reader.mGet([COMPLETE])).not.toEqual([null])
    await expect(reader.del(COMPLETE)).rejects.toThrow('NOPERM')
    reader.destroy()
  })

  test('says that the package is missing, instead of never connecting', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'without-redis-'))
    await cp('src', folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    const script = `import('./broadcast/redis.ts').then(({ redis }) => redis('redis://localhost'))`
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' })
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('needs the package redis. Run `npm install redis`'),
    ])
  })

  test.each([
    ['a URL of another protocol', `https://:${encodeURIComponent(PASSWORD)}@example.com`],
    ['an invalid URL', `redis://:${PASSWORD}@[`],
    ['nothing', undefined],
    ['an object that is no client', {}],
  ])('rejects %s, without repeating it', (_, source) => {
    const problems = problemsOf(() => redis(source as string))
    expect(problems).toEqual([
      {
        path: 'redis',
        message: "needs a URL such as 'redis://localhost:6379', or a client of the redis package",
      },
    ])
  })
})
