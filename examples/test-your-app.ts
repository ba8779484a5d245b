/**
 * Tests of an app that contains the server, with real users, clients and tokens. A test server takes the place of the real
 * one. It is in memory, and its clock can be moved.
 *
 *     npm run example examples/test-your-app.ts
 */
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { Hono } from 'hono'
import type { AuthorizationServer, BuiltInUser } from 'consulate'
import { toHono } from 'consulate/hono'
import { createTestServer } from 'consulate/testing'

type Scope = 'orders:read' | 'orders:create'

/** The app, for any server. In production: `createApp(createAuthorizationServer(config))`. */
function createApp(server: AuthorizationServer<Scope, 'users', never, BuiltInUser>): Hono {
  const auth = toHono(server)
  return new Hono()
    .use(auth.routes())
    .post('/orders', auth.user('orders:create'), (c) => c.json({ user: c.var.auth.user.id }, 201))
    .get('/home', async (c) => c.text(`Hello, ${(await auth.currentUser(c))?.name ?? 'guest'}`))
}

const scopes = { 'orders:read': 'See your orders', 'orders:create': 'Place orders in your name' }
const server = createTestServer({ scopes })
const app = createApp(server)
const order = async (token?: string): Promise<number> => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return (await app.request('/orders', { method: 'POST', headers })).status
}

beforeEach(() => server.actingAsGuest())
after(() => server.close())

test('a user with the scope gets 201, without it 403, and a guest 401', async () => {
  server.actingAs('7', ['orders:create'])
  assert.equal(await order(), 201)
  server.actingAs('7', ['orders:read'])
  assert.equal(await order(), 403)
  server.actingAsGuest()
  assert.equal(await order(), 401)
})

test('an app refreshes its token after 15 minutes', async () => {
  const [ada, client] = [await server.createUser({ name: 'Ada' }), await server.createClient('spa')]
  const tokens = await client.signIn(ada, { scopes: ['orders:create'] })
  server.clock.advance('16m')
  const renewed = await client.refresh(tokens)
  assert.deepEqual([await order(tokens.accessToken), await order(renewed.accessToken)], [401, 201])
})

test('a signed-in user sees their name', async () => {
  const { cookie } = await server.openBrowser(await server.createUser({ name: 'Ada' }))
  assert.equal(await (await app.request('/home', { headers: { cookie } })).text(), 'Hello, Ada')
})
