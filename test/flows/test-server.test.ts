import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { builtInUsers, clientCredentials, deviceCode } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { createTestServer, testClient } from '../../src/testing/index.ts'
import { problemsOf, SCOPES } from '../support/config.ts'

const NO_USERS = {
  find: async () => undefined,
  findByUsername: async () => undefined,
  verifyPassword: async () => false,
}

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`

const server = createTestServer({ scopes: SCOPES })
const requireRead = server.user('orders:read')
const requestWith = (token?: string): Request =>
  new Request('https://issuer.test/orders', {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
const statusOf = (answer: object): number => (answer instanceof Response ? answer.status : 200)
const read = async (token?: string): Promise<number> => statusOf(await requireRead(requestWith(token)))

beforeEach(() => {
  server.actingAsGuest()
  server.clock.reset()
})
afterAll(() => server.close())

describe('acting as a user', () => {
  test('outlasts the clock and every revocation', async () => {
    server.actingAs('7', ['orders:read'])
    server.clock.advance('10y')
    await server.users.signOutEverywhere('7')
    expect(await read()).toBe(200)
  })

  test('does not rescue a bad token in the request', async () => {
    server.actingAs('7', ['*'])
    expect(await read('nonsense')).toBe(401)
  })

  test('opens the routes of every resource, and of the own provider only', async () => {
    await using two = createTestServer({
      scopes: SCOPES,
      resources: ['https://mcp.example.com/mcp'],
      providers: { customers: NO_USERS },
    })
    two.actingAs({ id: '7', provider: 'customers' }, ['orders:read'])
    const options = { resource: 'https://mcp.example.com/mcp', allOf: ['orders:read'] } as const
    expect(await two.for('customers').user(options)(requestWith())).toMatchObject({ user: { id: '7' } })
    expect(statusOf(await two.user()(requestWith()))).toBe(401)
    expect(
      statusOf(await two.for('customers').user({ strict: true, allOf: ['orders:read'] })(requestWith())),
    ).toBe(200)
  })

  test('signs the user in to browsers that have no session of their own', async () => {
    const [ada, grace] = [await server.createUser(), await server.createUser()]
    const browser = await server.openBrowser(grace)
    const current = async (cookie?: string): Promise<string | undefined> =>
      (await server.sessions.current({ headers: cookie === undefined ? {} : { cookie } }))?.user.email
    server.actingAs(ada)
    expect([await current(), await current(browser.cookie)]).toEqual([ada.email, grace.email])
    server.clock.advance('60d')
    expect(await current()).toBe(ada.email)
    server.actingAs('unknown')
    expect(await current()).toBeUndefined()
    server.actingAsClient('importer')
    expect(await current()).toBeUndefined()
  })

  test.each([
    // @ts-expect-error a misspelled scope does not compile
    ['an undefined scope', () => server.actingAs('7', ['orders:raed']), 'scopes[0]'],
    ['an empty ID', () => server.actingAs(''), 'users'],
    ['an empty client ID', () => server.actingAsClient(''), 'client'],
    ['an unknown provider', () => server.actingAs({ id: '7', provider: 'google' }), 'user.provider'],
  ])('with %s throws', (_what, act, path) => {
    expect(problemsOf(act).map((problem) => problem.path)).toEqual([path])
  })
})

describe('a token', () => {
  test('has the details that the test chooses', async () => {
    const details = { client: 'shop', sessionId: 's1', lifetime: '1h' } as const
    const token = await server.tokenFor({ id: 8 }, ['orders:read'], details)
    expect(await requireRead(requestWith(token))).toMatchObject({
      user: { id: '8', provider: 'users' },
      client: { id: 'shop' },
      scopes: ['orders:read'],
      sessionId: 's1',
    })
    expect(statusOf(await server.machine()(requestWith(await server.tokenForClient('importer'))))).toBe(200)
  })

  test('has extra claims, but none of the server', async () => {
    const claims = { tenant: 'orchard' }
    const token = await server.tokenFor('8', ['orders:read'], { claims })
    expect(await requireRead(requestWith(token))).toMatchObject({ claims })
    server.actingAs('8', ['orders:read'], { claims })
    expect(await requireRead(requestWith())).toMatchObject({ claims })
    const forbidden = server.tokenForClient('importer', [], { claims: { sub: '9' } })
    await expect(forbidden).rejects.toMatchObject({ problems: [{ path: 'claims.sub' }] })
  })

  test('can be introspected, and verified with the published keys', async () => {
    const api = await server.createClient('introspecting')
    const token = await server.tokenFor('8', ['orders:read'])
    expect(await api.introspect(token)).toMatchObject({ active: true, sub: '8', client_id: 'test-client' })
    const keys = await server.fetch(new Request('https://issuer.test/.well-known/jwks.json'))
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
      kid: string
    }
    expect(await keys.json()).toMatchObject({ keys: [{ kid, alg: 'ES256' }] })
  })

  test.each(['expired', 'revoked', 'forged', 'other-audience'] as const)(
    'that is %s gets 401',
    async (invalid) => {
      expect(await read(await server.tokenFor('8', ['orders:read'], { invalid }))).toBe(401)
      expect(await read(await server.tokenFor('8', ['orders:read']))).toBe(200)
    },
  )

  test('expires when the clock has passed its lifetime', async () => {
    const token = await server.tokenFor('8', ['orders:read'], { lifetime: '1h' })
    server.clock.advance('59m')
    expect(await read(token)).toBe(200)
    server.clock.advance('1m')
    expect(await read(token)).toBe(401)
  })

  test.each([
    ['a lifetime', { lifetime: '0s' }, 'lifetime'],
    ['a resource', { resource: 'https://other.example.com' }, 'resource'],
  ] as const)('with %s that is invalid is an error', async (_what, details, path) => {
    await expect(server.tokenFor('8', [], details)).rejects.toMatchObject({ problems: [{ path }] })
  })
})

describe('the clock', () => {
  test('can be set forward and back', () => {
    server.clock.set('2030-01-01T00:00:00Z')
    expect(new Date(server.clock.now()).getUTCFullYear()).toBe(2030)
    server.clock.set(new Date('2020-06-01'))
    expect(new Date(server.clock.now()).getUTCFullYear()).toBe(2020)
  })

  test('follows fake timers', () => {
    vi.useFakeTimers({ now: new Date('2031-01-01'), toFake: ['Date'] })
    expect(server.clock.now()).toBe(Date.parse('2031-01-01'))
    vi.useRealTimers()
  })

  test.each([
    ['seconds', () => server.clock.set(1_700_000_000)],
    ['text that is no time', () => server.clock.set('tomorrow')],
    ['a duration that is none', () => server.clock.advance('soon' as '1m')],
  ])('rejects %s', (_what, move) => {
    expect(problemsOf(move)).toHaveLength(1)
  })

  test('decides what a purge deletes', async () => {
    const user = await server.createUser()
    const session = await server.sessions.start(user, { request: requestWith() })
    server.clock.advance('60d')
    expect((await server.purge()).counts.sessions).toBeGreaterThan(0)
    expect(await server.sessions.revoke(session.session.id)).toBe(false)
  })
})

describe('a test server', () => {
  test('issues and refreshes tokens, of users and machines, while all timers are fake', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const client = await server.createClient('web')
    const tokens = await client.signIn(await server.createUser())
    expect(await client.refresh(tokens)).toMatchObject({ scopes: tokens.scopes })
    const machine = await server.createClient('machine', { scopes: ['orders:read'] })
    expect(await machine.getToken({ scopes: ['orders:read'] })).toMatchObject({ scopes: ['orders:read'] })
  })

  test('takes the configuration of an app, but not its database, secrets, broadcast and webhooks', async () => {
    const [open, load] = [vi.fn<() => never>(), vi.fn<() => never>()]
    const file = join(import.meta.dirname, 'not-created.db')
    await using own = createTestServer({
      issuer: 'https://id.example.com/shop',
      store: sqlite(file),
      secrets: { description: 'real secrets', load },
      broadcast: { open },
      webhooks: {
        endpoints: [
          { id: 'erp', url: 'https://erp.example.com/hooks', secret: WEBHOOK_SECRET },
          {
            id: 'test',
            url: 'http://127.0.0.1:9/hooks',
            secret: WEBHOOK_SECRET,
            events: ['purge.completed'],
          },
        ],
      },
      users: builtInUsers(),
      scopes: SCOPES,
      grants: [clientCredentials(), deviceCode()],
      accessTokenLifetime: '5m',
    })
    const client = await own.createClient('machine')
    expect(await client.getToken()).toMatchObject({ expiresIn: 300 })
    const device = await own.createClient('device', {
      grantTypes: ['urn:ietf:params:oauth:grant-type:device_code'],
    })
    expect((await device.connectDevice(await own.createUser())).accessToken).not.toBe('')
    await expect(own.clients.create(testClient('password'))).resolves.toBeDefined()
    expect((await own.webhooks.list()).map(({ id }) => id)).toEqual(['test'])
    expect([open.mock.calls, load.mock.calls, existsSync(file)]).toEqual([[], [], false])
  })

  test('shares nothing with another one', async () => {
    await using other = createTestServer({ scopes: SCOPES })
    const user = await server.createUser({ email: 'same@example.com' })
    expect(await other.createUser({ email: 'same@example.com' })).not.toMatchObject({ id: user.id })
    server.actingAs(user, ['orders:read'])
    server.clock.advance('1y')
    expect(statusOf(await other.user()(requestWith()))).toBe(401)
    expect(other.clock.now()).toBeLessThan(server.clock.now() - 1_000_000)
    const { accessToken } = await (await server.createClient('spa')).signIn(user, { scopes: ['orders:read'] })
    await server.users.signOutEverywhere(user)
    expect(await read(accessToken)).toBe(401)
    expect(await other.sessions.list(user.id)).toEqual([])
  })

  test.each([
    ['hashes no password, generates no key and opens no file', [], {}],
    [
      'counts them',
      ['--control'],
      expect.objectContaining({
        ARGON2REQUEST: 1,
        'crypto.generateKeyPairSync': 1,
        'fs.readFileSync': 1,
      }) as object,
    ],
  ])('that starts and creates a user and a token %s', async (_what, flags, counts) => {
    const script = join(import.meta.dirname, 'test-server/work.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=consulate-source',
      script,
      ...flags,
    ])
    expect(JSON.parse(stdout)).toEqual({ counts, accepted: true })
  })
})
