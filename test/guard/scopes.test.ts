import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { builtInUsers, clientCredentials, createAuthorizationServer, silentLogger } from 'consulate'
import { createGuard } from 'consulate/guard'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'
import { createTestGuard } from 'consulate/testing'
import { describe, expect, test } from 'vitest'

type Scope = 'orders:read' | 'orders:create'
type Written = Parameters<typeof server.user>

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
  'guard of another service': createGuard({ issuer: 'https://example.com', scopes, revocations: 'none' }),
  'guard for tests': createTestGuard({ scopes }),
}

describe.each(Object.entries(guards))('the %s', (_, guard) => {
  /** As JavaScript writes it, where nothing is compiled. */
  test.each([
    ['a list in place of scopes', [['orders:read']]],
    ['a misspelled word', [{ anyof: ['orders:read'] }]],
    ['nothing of which one is needed', [{ anyOf: [] }]],
    ['a text of which one is needed', [{ anyOf: 'orders:read' }]],
    ['an object that names nothing', [{}]],
    ['null', [null]],
    ['undefined', [undefined]],
    ['a number', [7]],
    ['a misspelled scope', ['orders:raed']],
    ['a misspelled scope after a right one', ['orders:read', 'orders:raed']],
    ['a misspelled scope of which one is needed', [{ anyOf: ['orders:read', 'orders:raed'] }]],
  ])('takes %s for a mistake, and for no open door', (_name, written) => {
    for (const audience of ['user', 'machine', 'anyone'] as const) {
      const asked = written as unknown as Written
      const problem = `Invalid configuration:\n  ${audience}: `
      expect(() => guard[audience](...asked)).toThrow(problem)
      expect(() => toNode(guard)[audience](...asked)).toThrow(problem)
    }
  })
})

test('says which scopes there are, where one is misspelled', () => {
  expect(() => server.user('orders:raed' as Scope)).toThrow(
    'user: there is no scope "orders:raed": there is orders:read, orders:create',
  )
})

test('scopes after { anyOf } are all needed besides', async () => {
  const guard = createTestGuard<Scope>()
  const may = guard.user({ anyOf: ['orders:read'] }, 'orders:create')
  const statusOf = async (granted: readonly Scope[]): Promise<number> => {
    guard.actingAs('7', granted)
    const answer = await may(new Request('https://example.com'))
    return answer instanceof Response ? answer.status : 200
  }
  expect(await statusOf(['orders:read'])).toBe(403)
  expect(await statusOf(['orders:create'])).toBe(403)
  expect(await statusOf(['orders:read', 'orders:create'])).toBe(200)
})
