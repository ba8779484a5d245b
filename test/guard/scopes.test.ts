import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { builtInUsers, clientCredentials, createAuthorizationServer, silentLogger } from 'consulate'
import { createGuard } from 'consulate/guard'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'
import { createTestGuard } from 'consulate/testing'
import { describe, expect, test } from 'vitest'

type Scope = 'orders:read' | 'orders:create'
type Arguments = Parameters<typeof server.user>

const scopes = ['orders:read', 'orders:create'] as const
const server = createAuthorizationServer({
  issuer: 'https://example.com',
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders', 'orders:create': 'Place orders' },
  grants: [clientCredentials()],
  logger: silentLogger,
})
const guards = {
  server,
  'standalone guard': createGuard({ issuer: 'https://example.com', scopes, revocations: 'none' }),
  'test guard': createTestGuard({ scopes }),
}

describe.each(Object.entries(guards))('the %s', (_, guard) => {
  /** The compiler rejects these, but plain JavaScript has no compiler. */
  test.each([
    ['a list', [['orders:read']]],
    ['a misspelled anyOf', [{ anyof: ['orders:read'] }]],
    ['an empty anyOf', [{ anyOf: [] }]],
    ['an anyOf that is not a list', [{ anyOf: 'orders:read' }]],
    ['an empty object', [{}]],
    ['null', [null]],
    ['undefined', [undefined]],
    ['a number', [7]],
    ['a misspelled scope', ['orders:raed']],
    ['a misspelled scope after a valid one', ['orders:read', 'orders:raed']],
    ['a misspelled scope in anyOf', [{ anyOf: ['orders:read', 'orders:raed'] }]],
  ])('throws for %s instead of requiring nothing', (_name, given) => {
    for (const caller of ['user', 'machine', 'anyone'] as const) {
      const scopes = given as unknown as Arguments
      const problem = `Invalid configuration:\n  ${caller}: `
      expect(() => guard[caller](...scopes)).toThrow(problem)
      expect(() => toNode(guard)[caller](...scopes)).toThrow(problem)
    }
  })
})

test('a misspelled scope throws with the list of defined ones', () => {
  expect(() => server.user('orders:raed' as Scope)).toThrow(
    'user: unknown scope "orders:raed". Use one of: orders:read, orders:create',
  )
})

test('scopes after { anyOf } are all required as well', async () => {
  const guard = createTestGuard<Scope>()
  const check = guard.user({ anyOf: ['orders:read'] }, 'orders:create')
  const statusOf = async (granted: readonly Scope[]): Promise<number> => {
    guard.actingAs('7', granted)
    const answer = await check(new Request('https://example.com'))
    return answer instanceof Response ? answer.status : 200
  }
  expect(await statusOf(['orders:read'])).toBe(403)
  expect(await statusOf(['orders:create'])).toBe(403)
  expect(await statusOf(['orders:read', 'orders:create'])).toBe(200)
})
