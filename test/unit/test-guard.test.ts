import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import type { Auth, RequestGuard } from '../../src/index.ts'
import { createTestGuard } from '../../src/testing/index.ts'
import { ROOT } from '../house/repository.ts'
import { serveGuardedApi } from '../support/providers.ts'

const run = promisify(execFile)
const guard = createTestGuard({ scopes: ['orders:read', 'orders:create', 'profile'] })
const anyone = guard.anyone()
const customers = guard.for('customers')
beforeEach(() => guard.actingAsGuest())

const requestWith = (token?: string): Request =>
  new Request(
    'https://api.example/',
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  )

/** Authenticates a request. Throws if the guard refuses it. */
async function authenticate(token?: string, check: RequestGuard<Auth> = anyone): Promise<Auth> {
  const response = await check(requestWith(token))
  if (response instanceof Response) throw new Error(`${response.status} ${await response.text()}`)
  return response
}

const statusOf = (result: Auth | Response): number => (result instanceof Response ? result.status : 200)

describe('a request', () => {
  test('gets a 401 before the test chose a user', async () => {
    const response = await createTestGuard().anyone()(requestWith())
    expect(response).toBeInstanceOf(Response)
    expect((response as Response).headers.get('www-authenticate')).toBe('Bearer realm="https://issuer.test"')
    expect([statusOf(response), await (response as Response).json()]).toEqual([
      401,
      { error: 'missing_token', error_description: 'Missing token' },
    ])
  })

  test('comes from the user or client that was chosen last', async () => {
    guard.actingAs('7', ['orders:read'])
    expect(await authenticate()).toMatchObject({ kind: 'user', user: { id: '7' }, scopes: ['orders:read'] })
    expect(await authenticate()).toMatchObject({ kind: 'user', user: { id: '7' } })
    guard.actingAsClient('importer', ['profile'])
    expect(await authenticate()).toMatchObject({
      kind: 'machine',
      client: { id: 'importer' },
      scopes: ['profile'],
    })
    guard.actingAsGuest()
    expect(statusOf(await anyone(requestWith()))).toBe(401)
  })

  test('comes from the user of its token, even while acting as another one', async () => {
    const [ada, bob] = [guard.tokenFor('ada', ['orders:read']), guard.tokenFor('bob')]
    guard.actingAs('cora')
    const all = await Promise.all([ada, bob, undefined, ada].map((token) => authenticate(token)))
    expect(all.map((auth) => 'user' in auth && auth.user.id)).toEqual(['ada', 'bob', 'cora', 'ada'])
    expect(await authenticate(guard.tokenForClient('importer'))).toMatchObject({ kind: 'machine' })
  })

  test('gets a 401 for a token that this guard did not create', async () => {
    guard.actingAs('7')
    const other = createTestGuard().tokenFor('7')
    for (const token of [other, 'nonsense', '']) expect(statusOf(await anyone(requestWith(token)))).toBe(401)
    const basic = new Request('https://api.example/', { headers: { authorization: 'Basic YTpi' } })
    expect(statusOf(await anyone(basic))).toBe(401)
  })
})

describe('a token', () => {
  test('is a different random string each time', () => {
    const tokens = Array.from({ length: 100 }, () => guard.tokenFor('7', ['orders:read']))
    expect(new Set(tokens).size).toBe(100)
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/)
  })

  test('carries all details of a user’s token', async () => {
    const details = { client: { id: 'web' }, sessionId: 'laptop' }
    const auth = await authenticate(guard.tokenFor({ id: 7 }, ['orders:read', '*'], details))
    expect(auth).toEqual({
      kind: 'user',
      user: { id: '7', provider: 'users', sub: '7' },
      claims: {},
      client: { id: 'web' },
      scopes: ['orders:read', '*'],
      can: expect.any(Function) as unknown,
      cannot: expect.any(Function) as unknown,
      authorizationId: expect.any(String) as unknown,
      sessionId: 'laptop',
      tokenId: expect.any(String) as unknown,
      expiresAt: expect.any(Number) as unknown,
    })
    expect(auth.tokenId.split('.')[0]).toBe('authorizationId' in auth && auth.authorizationId)
    expect([auth.can('anything'), auth.expiresAt > Date.now()]).toEqual([true, true])
  })

  test('has no scopes, no session and the client test-client by default', async () => {
    const auth = await authenticate(guard.tokenFor('7'))
    expect(auth).toMatchObject({ scopes: [], client: { id: 'test-client' }, sessionId: undefined })
    expect(auth.can('orders:read')).toBe(false)
  })

  test('covers the scopes below its own with scopeInheritance', async () => {
    const request = requestWith(undefined)
    for (const [scopeInheritance, isCovered] of [
      [true, true],
      [false, false],
    ] as const) {
      const inheriting = createTestGuard({ scopes: ['orders', 'orders:read'], scopeInheritance })
      inheriting.actingAs('7', ['orders'])
      const result = await inheriting.user()(request)
      expect(result instanceof Response || [result.can('orders:read'), result.cannot('orders')]).toEqual([
        isCovered,
        false,
      ])
      expect(statusOf(await inheriting.user('orders:read')(request))).toBe(isCovered ? 200 : 403)
    }
  })

  test('does not expire, even if a test moves the clock', async () => {
    vi.useFakeTimers()
    const token = guard.tokenFor('7')
    expect(await authenticate(token)).toMatchObject({
      expiresAt: Math.floor(Date.now() / 1000) * 1000 + 900_000,
    })
    vi.setSystemTime(Date.now() + 10 * 365 * 86_400_000)
    expect(await authenticate(token)).toMatchObject({ user: { id: '7' } })
  })
  afterEach(() => void vi.useRealTimers())
})

describe('users of another provider', () => {
  test('are accepted by its guard only, even with the same id', async () => {
    const [user, customer] = [guard.tokenFor('7'), guard.tokenFor({ id: '7', provider: 'customers' })]
    const statuses = [guard, customers].flatMap((each) =>
      [user, customer].map(async (token) => statusOf(await each.user()(requestWith(token)))),
    )
    expect(await Promise.all(statuses)).toEqual([200, 401, 401, 200])
    const auth = await authenticate(customer, customers.anyone())
    expect(auth).toMatchObject({ user: { id: '7', provider: 'customers', sub: 'customers:7' } })
  })

  test('are the users of a guard that was created for that provider', async () => {
    const shop = createTestGuard({ provider: 'customers' })
    shop.actingAs('7')
    expect(await authenticate(undefined, shop.anyone())).toMatchObject({
      user: { id: '7', provider: 'customers', sub: '7' },
    })
  })
})

describe('an invalid subject', () => {
  const problemsOf = (act: () => unknown): readonly string[] => {
    try {
      act()
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path} ${message}`)
    }
    return []
  }

  test('throws a ConfigError with every problem', () => {
    const scopes = ['orders:raed', 'orders:read', 'orders:read profile', '*'] as 'orders:read'[]
    const scopeProblems = [
      'scopes[0] is not defined. Defined scopes: orders:read, orders:create, profile',
      'scopes[2] is not a valid scope',
    ]
    expect(problemsOf(() => guard.actingAs('', scopes, { client: '' }))).toEqual([
      'user must not be empty',
      'client must not be empty',
      ...scopeProblems,
    ])
    expect(problemsOf(() => guard.tokenForClient({ id: '' }, scopes))).toEqual([
      'client must not be empty',
      ...scopeProblems,
    ])
  })

  test('does not change the chosen user', async () => {
    guard.actingAs('7')
    expect(problemsOf(() => guard.actingAs(''))).toHaveLength(1)
    expect(await authenticate()).toMatchObject({ user: { id: '7' } })
  })

  test('cannot be a scope if the guard defines none', async () => {
    expect(await authenticate(guard.tokenFor('7', ['profile']))).toMatchObject({ scopes: ['profile'] })
    const open = createTestGuard()
    open.actingAs('7', ['whatever'])
    expect(await authenticate(undefined, open.anyone('whatever'))).toMatchObject({ scopes: ['whatever'] })
  })
})

describe('a resource', () => {
  const [mcp, billing] = ['https://mcp.example/mcp', 'https://billing.example']

  test('can be any one, unless the guard lists some', () => {
    createTestGuard().user({ resource: mcp })
    const limited = createTestGuard({ resources: [billing] })
    limited.user({ resource: `${billing}/` })
    expect(() => limited.user({ resource: mcp })).toThrow('unknown resource')
  })

  test('is named in the challenge, and open to every user of the test', async () => {
    const tested = createTestGuard({ scopes: ['orders:read'] })
    const check = tested.user({ resource: mcp, allOf: ['orders:read'] })
    const refused = await check(requestWith())
    expect(refused instanceof Response && refused.headers.get('www-authenticate')).toContain(
      'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
    )
    tested.actingAs('7', ['orders:read'])
    expect(statusOf(await check(requestWith()))).toBe(200)
  })
})

test('guards routes of node:http', async () => {
  const { origin, close } = await serveGuardedApi(guard)
  const ask = async (path: string): Promise<number> => (await fetch(origin + path)).status
  expect(await ask('/orders')).toBe(401)
  guard.actingAs('7', ['orders:read'])
  expect([await ask('/orders'), await ask('/machine')]).toEqual([200, 401])
  guard.actingAs('7', ['profile'])
  expect([await ask('/orders'), await ask('/me')]).toEqual([403, 200])
  guard.actingAsClient('importer', ['*'])
  expect([await ask('/orders'), await ask('/machine/orders')]).toEqual([401, 200])
  close()
})

test('needs no database, file system or other process, and lets the program exit', async () => {
  const program = `
    import { createTestGuard } from 'consulate/testing'
    const guard = createTestGuard()
    guard.actingAs('7')
    const { user } = await guard.user()(new Request('https://api.example/'))
    const drivers = process.moduleLoadList.filter((name) => name.includes('sqlite'))
    console.log(JSON.stringify({ user, drivers }))
  `
  const flags = ['--permission', '--allow-fs-read=*', '--conditions=consulate-source', '--input-type=module']
  const { stdout } = await run(process.execPath, [...flags, '--eval', program], { cwd: ROOT })
  const user = { id: '7', provider: 'users', sub: '7' }
  expect(JSON.parse(stdout)).toEqual({ user, drivers: [] })
})
