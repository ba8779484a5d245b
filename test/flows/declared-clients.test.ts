import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { ConfigError, StoreUnavailableError, type DeclaredClient } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { downgrade } from '../support/migrations.ts'
import { requestToken } from '../support/oauth-client.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { createUserTable } from '../support/user-table.ts'

const SECRETS = ['a', 'b', 'c'].map((each) => `${each}9f2c4e8b7d1a6035f2c4e8b7d1a60359f`) as [
  string,
  string,
  string,
]
const SHOP = { id: 'shop', name: 'Shop', redirectUris: ['https://shop.example/callback'] }
const WORKER: DeclaredClient = {
  id: 'worker',
  name: 'Worker',
  grantTypes: ['client_credentials'],
  scopes: ['orders:read'],
}

type Clients = readonly DeclaredClient[]

/** Starts servers one after the other on one database. */
async function createDatabase() {
  const file = join(await mkdtemp(join(tmpdir(), 'consulate-')), 'data.db')
  let time = 0
  return {
    file,
    async start(clients: Clients, options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
      const server = await startServer({ file, clients: clients as never, ...options })
      for (const secret of SECRETS) server.knownSecrets.add('client secret', secret)
      server.clock.advance(time)
      await server.server.ready()
      return server
    },
    /** Moves the clocks of later servers. */
    wait: (seconds: number) => void (time += seconds),
  }
}

const eventsOf = ({ events }: TestServer) =>
  events.map(({ name, payload }) => [name, payload['clientId'], payload['by']])

const works = async (server: TestServer, secret: string): Promise<boolean> => {
  const client = { id: 'worker', secret, redirectUri: '' }
  const { status, body } = await requestToken(server, client, { grant_type: 'client_credentials' })
  if (status === 200) server.knownSecrets.add('access token', String(body['access_token']))
  return status === 200
}

test('declared clients are created at the start, with the defaults of a registration', async () => {
  const { start } = await createDatabase()
  const app = { ...SHOP, id: 'app', type: 'public' } as const
  await using server = await start([SHOP, { ...WORKER, secret: SECRETS[0] }, app])
  expect(eventsOf(server)).toEqual([
    ['client.created', 'shop', 'configuration'],
    ['client.created', 'worker', 'configuration'],
    ['client.created', 'app', 'configuration'],
  ])
  const warnings = server.logs.filter((line) => line.includes('Declared client has no secret'))
  expect([warnings.length, warnings[0]?.includes('shop')]).toEqual([1, true])
  const { client } = await server.server.clients.create({ ...SHOP, id: 'other' })
  const { createdAt, ...expected } = { ...client, id: 'shop' }
  expect(await server.server.clients.find('shop')).toMatchObject(expected)
  const shop = await server.server.clients.find('shop')
  expect(shop?.createdAt).toBeGreaterThan(createdAt - 60_000)
  expect(await works(server, SECRETS[0])).toBe(true)
})

test('another start changes nothing, and writes nothing', async () => {
  const { start, file } = await createDatabase()
  const clients = [SHOP, { ...WORKER, secret: SECRETS[0] }]
  await (await start(clients)).close()
  const before = new DatabaseSync(file).prepare('select * from consulate_clients').all()
  await using server = await start(clients)
  expect(eventsOf(server)).toEqual([])
  expect(new DatabaseSync(file).prepare('select * from consulate_clients').all()).toEqual(before)
})

test('a start updates every field that differs, and resets what is no longer declared to its default', async () => {
  const { start } = await createDatabase()
  const first = await start([SHOP])
  const before = await first.server.clients.find('shop')
  await first.close()
  const fields = {
    name: 'Shop 2',
    redirectUris: ['https://shop.example/other'],
    grantTypes: ['authorization_code'],
    scopes: ['profile'],
    requiresPkce: true,
    skipsConsent: true,
    endsWithSession: false,
    followsRevocations: true,
    introspects: true,
    logo: '/shop.png',
    homepage: 'https://shop.example',
    privacy: 'https://shop.example/privacy',
    terms: 'https://shop.example/terms',
    publisher: 'Shop Ltd',
  } as const
  const second = await start([{ ...SHOP, ...fields, graceWindow: '5s' }])
  expect(await second.server.clients.find('shop')).toMatchObject({ ...fields, graceWindow: 5000 })
  expect(second.logs.join('\n')).toContain([...Object.keys(fields), 'graceWindow'].join(', '))
  await second.close()
  await using server = await start([SHOP])
  expect(await server.server.clients.find('shop')).toEqual(before)
  expect(eventsOf(server)).toEqual([['client.updated', 'shop', 'configuration']])
})

test('clients that are not declared stay as they are, also those that were declared before', async () => {
  const { start } = await createDatabase()
  const first = await start([SHOP])
  const { id } = await first.addClient()
  const before = await first.server.clients.list()
  await first.close()
  await using server = await start([])
  expect(await server.server.clients.list()).toEqual(before)
  expect(before.map((client) => client.id).sort()).toEqual(['shop', id].sort())
  expect(await server.server.clients.update('shop', { name: 'Mine again' })).toMatchObject({
    name: 'Mine again',
  })
})

test('a client that was registered otherwise becomes the declared one', async () => {
  const { start } = await createDatabase()
  const first = await start([])
  const { secret = '' } = await first.addClient({ ...WORKER, name: 'By hand' })
  await first.close()
  await using server = await start([WORKER])
  server.knownSecrets.add('client secret', secret)
  expect((await server.server.clients.find('worker'))?.name).toBe('Worker')
  expect(await works(server, secret)).toBe(true)
})

describe('the secret of a declared client', () => {
  test('changes with an overlap of 24 hours', async () => {
    const { start, wait } = await createDatabase()
    await (await start([{ ...WORKER, secret: SECRETS[0] }])).close()
    const changed = await start([{ ...WORKER, secret: SECRETS[1] }])
    expect(eventsOf(changed)).toEqual([['client.secret-rotated', 'worker', 'configuration']])
    expect([await works(changed, SECRETS[0]), await works(changed, SECRETS[1])]).toEqual([true, true])
    await changed.close()
    wait(86_400)
    await using later = await start([{ ...WORKER, secret: SECRETS[1] }])
    expect([await works(later, SECRETS[0]), await works(later, SECRETS[1])]).toEqual([false, true])
  })

  test('can be set back, and no old secret works longer for it', async () => {
    const { start, wait } = await createDatabase()
    await (await start([{ ...WORKER, secret: SECRETS[0] }])).close()
    await (await start([{ ...WORKER, secret: SECRETS[1] }])).close()
    wait(43_200)
    await (await start([{ ...WORKER, secret: SECRETS[2] }])).close()
    await (await start([{ ...WORKER, secret: SECRETS[1] }])).close()
    wait(43_200)
    await using server = await start([{ ...WORKER, secret: SECRETS[1] }])
    const outcomes = await Promise.all(SECRETS.map((secret) => works(server, secret)))
    expect(outcomes).toEqual([false, true, true])
    expect((await server.store.clients.find('worker'))?.secrets).toHaveLength(3)
  })

  test('cannot be rotated elsewhere, because the next start would undo it', async () => {
    const { start } = await createDatabase()
    await using server = await start([{ ...WORKER, secret: SECRETS[0] }])
    await expect(server.server.clients.rotateSecret('worker')).rejects.toMatchObject({
      problems: [{ path: 'id', message: 'has its secret in the configuration. Change it there' }],
    })
    expect(await works(server, SECRETS[0])).toBe(true)
  })

  test('is created by a rotation if none is declared, and stays', async () => {
    const { start } = await createDatabase()
    const first = await start([WORKER])
    expect(first.logs.join('\n')).toContain('Declared client has no secret')
    expect(await works(first, '')).toBe(false)
    const rotated = await first.server.clients.rotateSecret('worker')
    const secret = first.knownSecrets.add('client secret', rotated?.secret ?? '')
    await first.close()
    await using server = await start([{ ...WORKER, name: 'Worker 2' }])
    server.knownSecrets.add('client secret', secret)
    expect(eventsOf(server)).toEqual([['client.updated', 'worker', 'configuration']])
    expect(await works(server, secret)).toBe(true)
  })
})

test('a declared secret that leaked is stopped by leaving it out and rotating without overlap', async () => {
  const { start } = await createDatabase()
  await (await start([{ ...WORKER, secret: SECRETS[0] }])).close()
  const without = await start([WORKER])
  const rotated = await without.server.clients.rotateSecret('worker', { overlap: 0 })
  const secret = rotated?.secret ?? ''
  without.knownSecrets.add('client secret', secret)
  expect([await works(without, SECRETS[0]), await works(without, secret)]).toEqual([false, true])
  await without.close()
  await using later = await start([{ ...WORKER, secret }])
  later.knownSecrets.add('client secret', secret)
  expect([await works(later, SECRETS[0]), await works(later, secret)]).toEqual([false, true])
})

test('a declared client cannot be updated elsewhere, and its id cannot be taken', async () => {
  const { start } = await createDatabase()
  await using server = await start([SHOP])
  const { clients } = server.server
  await expect(clients.update('shop', { name: 'Mine' })).rejects.toMatchObject({
    problems: [{ path: 'id', message: 'is declared in the configuration. Change it there' }],
  })
  await expect(clients.create(SHOP)).rejects.toThrow('is taken')
  expect((await clients.find('shop'))?.name).toBe('Shop')
})

test('a revoked client stays revoked, and the server starts with a warning', async () => {
  const { start } = await createDatabase()
  const first = await start([SHOP])
  expect(await first.server.clients.revoke('shop')).toBe(true)
  await first.close()
  await using server = await start([{ ...SHOP, name: 'Shop 2', type: 'public' }])
  expect(await server.server.clients.find('shop')).toMatchObject({
    name: 'Shop',
    revokedAt: expect.any(Number) as number,
  })
  expect(server.logs.join('\n')).toContain('Declared client is revoked')
  expect(eventsOf(server)).toEqual([])
})

describe('the server does not start, and writes nothing, if', () => {
  const CUSTOMERS = { providers: { customers: createUserTable().provider } }

  test.each<[string, DeclaredClient, string]>([
    [
      'the type changes',
      { ...SHOP, type: 'public' },
      'clients[1].type: cannot change from confidential to public',
    ],
    [
      'the provider changes',
      { ...SHOP, provider: 'customers' },
      'clients[1].provider: cannot change from users to customers',
    ],
    [
      'the client becomes third-party',
      { ...SHOP, isThirdParty: true },
      'clients[1].isThirdParty: cannot change from false to true',
    ],
  ])('%s', async (_what, changed, problem) => {
    const { start, file } = await createDatabase()
    await (await start([SHOP], CUSTOMERS)).close()
    const failing = await startServer({ file, clients: [WORKER, changed] as never, ...CUSTOMERS })
    const error = await failing.server.ready().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect(String(error)).toContain(problem)
    expect(await failing.store.clients.find('worker')).toBeUndefined()
    await failing.close()
  })

  test('a user has registered the client', async () => {
    const { start, file } = await createDatabase()
    const first = await start([])
    await first.server.clients.create({ ...SHOP, owner: await first.addUser() })
    await first.close()
    const failing = await startServer({ file, clients: [{ ...SHOP, skipsConsent: true }] })
    await expect(failing.server.ready()).rejects.toThrow(
      'clients[0].id: belongs to a client that a user registered. Choose another one',
    )
    await failing.close()
  })

  test('a migration is pending and migrations are manual', async () => {
    const { start, file } = await createDatabase()
    await (await start([])).close()
    downgrade(file)
    const failing = await startServer({ file, clients: [SHOP], migrations: 'manual' })
    await expect(failing.server.ready()).rejects.toThrow('has pending migrations')
    await failing.close()
    await using server = await start([SHOP])
    expect(await server.server.clients.find('shop')).toMatchObject({ name: 'Shop' })
  })
})

test('a start that fails halfway, because the disk is full, is completed by the next one', async () => {
  const { file } = await createDatabase()
  const store = sqlite(file)
  let isFull = true
  const insert: typeof store.clients.insert = async (client, limits) => {
    if (client.id === 'worker' && isFull) throw new StoreUnavailableError('disk is full', undefined)
    return store.clients.insert(client, limits)
  }
  const full = { ...store, clients: { ...store.clients, insert } }
  await using server = await startServer({ file, store: full, clients: [SHOP, WORKER as never] })
  await expect(server.server.ready()).rejects.toThrow('disk is full')
  const { status } = await requestToken(server, { id: 'worker', secret: 'x', redirectUri: '' }, {})
  expect(status).toBe(503)
  isFull = false
  await server.server.ready()
  expect((await server.server.clients.list()).map(({ id }) => id)).toEqual(['shop', 'worker'])
  expect(eventsOf(server).map(([name, id]) => [name, id])).toEqual([
    ['client.created', 'shop'],
    ['client.created', 'worker'],
  ])
})
