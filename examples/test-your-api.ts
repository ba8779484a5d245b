/**
 * Tests of an API with guarded routes. They need no authorization server, keys or database, because each test says who
 * is calling.
 *
 *     npm run example examples/test-your-api.ts
 */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Guards } from 'consulate'
import { createTestGuard } from 'consulate/testing'

type Scope = 'orders:read' | 'orders:create'

/** The API, for any guard. In production: `createApi(server)`, or a guard from `consulate/guard`. */
function createApi(guard: Guards<Scope>): (request: Request) => Promise<Response> {
  const requireOrder = guard.user('orders:create')
  const orders: string[] = []
  return async (request) => {
    const auth = await requireOrder(request)
    if (auth instanceof Response) return auth
    orders.push(await request.text())
    return Response.json({ user: auth.user.id, orders }, { status: 201 })
  }
}

const guard = createTestGuard({ scopes: ['orders:read', 'orders:create'] })
const api = createApi(guard)
const order = (headers: Record<string, string> = {}): Promise<Response> =>
  api(new Request('https://shop.example/orders', { method: 'POST', body: 'tea', headers }))

beforeEach(() => guard.actingAsGuest())

test('a user with the scope gets 201', async () => {
  guard.actingAs('7', ['orders:create'])
  const response = await order()
  assert.equal(response.status, 201)
  assert.deepEqual(await response.json(), { user: '7', orders: ['tea'] })
})

test('a user without the scope gets 403 with the missing scope', async () => {
  guard.actingAs('7', ['orders:read'])
  const response = await order()
  assert.equal(response.status, 403)
  assert.match(response.headers.get('www-authenticate') ?? '', /scope="orders:create"/)
})

test('a guest gets 401, and so does a machine', async () => {
  assert.equal((await order()).status, 401)
  guard.actingAsClient('importer', ['orders:create'])
  assert.equal((await order()).status, 401)
})

test('a token in the request takes precedence', async () => {
  const authorization = `Bearer ${guard.tokenFor('8', ['*'])}`
  assert.equal((await order({ authorization })).status, 201)
})
