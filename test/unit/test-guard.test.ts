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
const anybody = guard.anyone()
const customers = guard.for('customers')
beforeEach(() => guard.actingAsGuest())

const requestWith = (token?: string): Request =>
  new Request(
    'https://api.example/',
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  )

/** Who a request is from; throws the answer where it is refused. */
async function whoIs(token?: string, check: RequestGuard<Auth> = anybody): Promise<Auth> {
  const answer = await check(requestWith(token))
  if (answer instanceof Response) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer
}

const outcomeOf = (answer: Auth | Response): number => (answer instanceof Response ? answer.status : 200)

describe('who a request is from', () => {
  test('is nobody at the beginning', async () => {
    const answer = await createTestGuard().anyone()(requestWith())
    expect(answer).toBeInstanceOf(Response)
    expect((answer as Response).headers.get('www-authenticate')).toBe('Bearer realm="https://issuer.test"')
    expect([outcomeOf(answer), await (answer as Response).json()]).toEqual([
      401,
      { error: 'missing_token', error_description: 'Missing token' },
    ])
  })

  test('is whoever was said last, for every request until somebody else is said', async () => {
    guard.actingAs('7', ['orders:read'])
    expect(await whoIs()).toMatchObject({ kind: 'user', user: { id: '7' }, scopes: ['orders:read'] })
    expect(await whoIs()).toMatchObject({ kind: 'user', user: { id: '7' } })
    guard.actingAsClient('importer', ['profile'])
    expect(await whoIs()).toMatchObject({ kind: 'machine', client: { id: 'importer' }, scopes: ['profile'] })
    guard.actingAsGuest()
    expect(outcomeOf(await anybody(requestWith()))).toBe(401)
  })

  test('is what its own token says, whoever the others are from', async () => {
    const [ada, bob] = [guard.tokenFor('ada', ['orders:read']), guard.tokenFor('bob')]
    guard.actingAs('cora')
    const all = await Promise.all([ada, bob, undefined, ada].map((token) => whoIs(token)))
    expect(all.map((auth) => 'user' in auth && auth.user.id)).toEqual(['ada', 'bob', 'cora', 'ada'])
    expect(await whoIs(guard.tokenForClient('importer'))).toMatchObject({ kind: 'machine' })
  })

  test('is nobody where its token is none of this guard’s, whoever the others are from', async () => {
    guard.actingAs('7')
    const other = createTestGuard().tokenFor('7')
    for (const token of [other, 'nonsense', ''])
      expect(outcomeOf(await anybody(requestWith(token)))).toBe(401)
    const basic = new Request('https://api.example/', { headers: { authorization: 'Basic YTpi' } })
    expect(outcomeOf(await anybody(basic))).toBe(401)
  })
})

describe('a token', () => {
  test('is a random text, and another one each time', () => {
    const tokens = Array.from({ length: 100 }, () => guard.tokenFor('7', ['orders:read']))
    expect(new Set(tokens).size).toBe(100)
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/)
  })

  test('tells of a person whatever a real one does', async () => {
    const details = { client: { id: 'web' }, sessionId: 'laptop' }
    const auth = await whoIs(guard.tokenFor({ id: 7 }, ['orders:read', '*'], details))
    expect(auth).toEqual({
      kind: 'user',
      user: { id: '7', provider: 'users', sub: '7' },
      client: { id: 'web' },
      scopes: ['orders:read', '*'],
      can: expect.any(Function) as unknown,
      authorizationId: expect.any(String) as unknown,
      sessionId: 'laptop',
      tokenId: expect.any(String) as unknown,
      expiresAt: expect.any(Number) as unknown,
    })
    expect(auth.tokenId.split('.')[0]).toBe('authorizationId' in auth && auth.authorizationId)
    expect([auth.can('anything'), auth.expiresAt > Date.now()]).toEqual([true, true])
  })

  test('has no scopes, the client test-client and no session unless they are said', async () => {
    const auth = await whoIs(guard.tokenFor('7'))
    expect(auth).toMatchObject({ scopes: [], client: { id: 'test-client' }, sessionId: undefined })
    expect(auth.can('orders:read')).toBe(false)
  })

  test('does not expire, however far a test moves the clock', async () => {
    vi.useFakeTimers()
    const token = guard.tokenFor('7')
    expect(await whoIs(token)).toMatchObject({ expiresAt: Math.floor(Date.now() / 1000) * 1000 + 900_000 })
    vi.setSystemTime(Date.now() + 10 * 365 * 86_400_000)
    expect(await whoIs(token)).toMatchObject({ user: { id: '7' } })
  })
  afterEach(() => void vi.useRealTimers())
})

describe('people of another provider', () => {
  test('are let in by its guard alone, by the same id', async () => {
    const [user, customer] = [guard.tokenFor('7'), guard.tokenFor({ id: '7', provider: 'customers' })]
    const outcomes = [guard, customers].flatMap((each) =>
      [user, customer].map(async (token) => outcomeOf(await each.user()(requestWith(token)))),
    )
    expect(await Promise.all(outcomes)).toEqual([200, 401, 401, 200])
    const auth = await whoIs(customer, customers.anyone())
    expect(auth).toMatchObject({ user: { id: '7', provider: 'customers', sub: 'customers:7' } })
  })

  test('are the guard’s own where it was made for them', async () => {
    const shop = createTestGuard({ provider: 'customers' })
    shop.actingAs('7')
    expect(await whoIs(undefined, shop.anyone())).toMatchObject({
      user: { id: '7', provider: 'customers', sub: '7' },
    })
  })
})

describe('what no server would put in a token', () => {
  const problemsOf = (act: () => unknown): readonly string[] => {
    try {
      act()
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path} ${message}`)
    }
    return []
  }

  test('throws, with every problem at once', () => {
    const scopes = ['orders:raed', 'orders:read', 'orders:read profile', '*'] as 'orders:read'[]
    const ofScopes = [
      "scopes[0] is none of the guard's: orders:read, orders:create, profile",
      'scopes[2] is no scope',
    ]
    expect(problemsOf(() => guard.actingAs('', scopes, { client: '' }))).toEqual([
      'user has no id',
      'client has no id',
      ...ofScopes,
    ])
    expect(problemsOf(() => guard.tokenForClient({ id: '' }, scopes))).toEqual([
      'client has no id',
      ...ofScopes,
    ])
  })

  test('leaves things as they were', async () => {
    guard.actingAs('7')
    expect(problemsOf(() => guard.actingAs(''))).toHaveLength(1)
    expect(await whoIs()).toMatchObject({ user: { id: '7' } })
  })

  test('is no scope that is not listed, where none are listed', async () => {
    expect(await whoIs(guard.tokenFor('7', ['profile']))).toMatchObject({ scopes: ['profile'] })
    const open = createTestGuard()
    open.actingAs('7', ['whatever'])
    expect(await whoIs(undefined, open.anyone('whatever'))).toMatchObject({ scopes: ['whatever'] })
  })
})

test('routes of node:http are guarded as by a server', async () => {
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

test('nothing else is needed: no database, no file to write, no process, and the program ends by itself', async () => {
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
