import { afterAll, beforeEach, expect, test } from 'vitest'
import { createTestServer } from '../../src/testing/index.ts'
import { SCOPES } from '../support/config.ts'

const server = createTestServer({ scopes: SCOPES })
const requireRead = server.user('orders:read')
const requireMachine = server.machine('orders:read')
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

test('acts as the chosen user or client', async () => {
  const outcomes = [await read()]
  server.actingAs('7', ['orders:read'])
  outcomes.push(await read())
  server.actingAs({ id: 7 }, [])
  outcomes.push(await read())
  server.actingAsClient('importer', ['*'])
  outcomes.push(await read(), statusOf(await requireMachine(requestWith())))
  server.actingAsGuest()
  outcomes.push(await read())
  expect(outcomes).toEqual([401, 200, 403, 401, 200, 401])
})

test('acting as a user outlasts the clock and every revocation, and a token in the request takes precedence', async () => {
  server.actingAs('7', ['orders:read'])
  server.clock.advance('10y')
  await server.users.signOutEverywhere('7')
  expect(await read()).toBe(200)
  expect(await read('nonsense')).toBe(401)
})

test('creates valid, expired, revoked, forged and foreign tokens', async () => {
  const valid = await server.tokenFor('8', ['orders:read'], {
    client: 'shop',
    sessionId: 's1',
    lifetime: '1h',
  })
  expect(await requireRead(requestWith(valid))).toMatchObject({
    kind: 'user',
    user: { id: '8' },
    client: { id: 'shop' },
    sessionId: 's1',
  })
  for (const invalid of ['expired', 'revoked', 'forged', 'other-audience'] as const)
    expect(await read(await server.tokenFor('8', ['orders:read'], { invalid }))).toBe(401)
  server.clock.advance('59m')
  expect(await read(valid)).toBe(200)
  server.clock.advance('1m')
  expect(await read(valid)).toBe(401)
})

test('a user signs in to each kind of client', async () => {
  const user = await server.createUser({ name: 'Ada' })
  const request = { scopes: ['orders:read'] } as const
  for (const kind of ['web', 'spa', 'native', 'public', 'third-party', 'implicit'] as const) {
    const client = await server.createClient(kind)
    const tokens = await client.signIn(user, request)
    expect(await read(tokens.accessToken)).toBe(200)
    await expect(client.signIn(user, { ...request, allow: false })).rejects.toMatchObject({
      code: 'access_denied',
    })
  }
  const device = await server.createClient('device')
  expect(await read((await device.connectDevice(user, request)).accessToken)).toBe(200)
  const old = await server.createClient('password')
  expect(await read((await old.signInWithPassword(user, request)).accessToken)).toBe(200)
})
