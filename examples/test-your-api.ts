/**
 * The tests of an API whose routes are guarded. They need no authorization server, no keys and no database: who a request
 * is from is what the test says.
 *
 *     npm run example examples/test-your-api.ts
 */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Guards } from 'consulate'
import { createTestGuard } from 'consulate/testing'

type Scope = 'orders:read' | 'orders:create'

/** The API, for any guard: in production `createApi(server)`, or the guard of a service of its own. */
function createApi(guard: Guards<Scope>): (request: Request) => Promise<Response> {
  const mayOrder = guard.user('orders:create')
  const orders: string[] = []
  return async (request) => {
    const auth = await mayOrder(request)
    if (auth instanceof Response) return auth
    orders.push(await request.text())
    return Response.json({ of: auth.user.id, orders }, { status: 201 })
  }
}

const guard = createTestGuard({ scopes: ['orders:read', 'orders:create'] })
const api = createApi(guard)
const order = (headers: Record<string, string> = {}): Promise<Response> =>
  api(new Request('https://shop.example/orders', { method: 'POST', body: 'tea', headers }))

beforeEach(() => guard.actingAsGuest())

test('who may place orders gets 201', async () => {
  guard.actingAs('7', ['orders:create'])
  const answer = await order()
  assert.equal(answer.status, 201)
  assert.deepEqual(await answer.json(), { of: '7', orders: ['tea'] })
})

test('who may only read them gets 403, and is told which scope is missing', async () => {
  guard.actingAs('7', ['orders:read'])
  const answer = await order()
  assert.equal(answer.status, 403)
  assert.match(answer.headers.get('www-authenticate') ?? '', /scope="orders:create"/)
})

test('nobody gets 401, and so does a machine', async () => {
  assert.equal((await order()).status, 401)
  guard.actingAsClient('importer', ['orders:create'])
  assert.equal((await order()).status, 401)
})

test('a request with a token speaks for itself', async () => {
  const authorization = `Bearer ${guard.tokenFor('8', ['*'])}`
  assert.equal((await order({ authorization })).status, 201)
})
