import type { NodeAdapter } from '../../adapters/node.ts'
import type { Store } from '../../store/contract.ts'
import { readBody, sendJson, type DemoRoute } from './http.ts'
import type { DemoScope } from './setup.ts'

interface Order {
  readonly id: number
  readonly item: string
  /** The user or the client that placed it. */
  readonly by: string
}

/** Creates the demo's API, which shows what guards do. The last hundred orders are kept in memory. */
export function createApi(
  auth: NodeAdapter<DemoScope>,
  { users }: Store,
): Readonly<Record<string, DemoRoute>> {
  const orders: Order[] = [{ id: 1, item: 'Apples', by: 'the shop' }]
  return {
    'GET /api/me': auth.user()(async ({ auth: { user, client, scopes } }, response) => {
      const { email, name } = (await users.find(user.id)) ?? {}
      sendJson(response, 200, { id: user.id, email, name, client: client.id, scopes })
    }),
    'GET /api/orders': auth.anyone('orders:read')((_request, response) =>
      sendJson(response, 200, { orders }),
    ),
    'POST /api/orders': auth.anyone('orders:create')(async (request, response) => {
      const item = parseItem(await readBody(request))
      if (item === undefined)
        return sendJson(response, 400, { error: 'invalid_request', expected: { item: 'Pears' } })
      const by = request.auth.kind === 'user' ? request.auth.user.id : request.auth.client.id
      const order = { id: (orders.at(-1)?.id ?? 0) + 1, item, by }
      orders.push(order)
      if (orders.length > 100) orders.shift()
      return sendJson(response, 201, order)
    }),
    'GET /api/machine': auth.machine()(({ auth: { client, scopes } }, response) =>
      sendJson(response, 200, { client: client.id, scopes }),
    ),
  }
}

/** Returns the item of `{ "item": "Pears" }`; undefined for anything else. */
function parseItem(body = ''): string | undefined {
  try {
    const { item } = JSON.parse(body) as { item?: unknown }
    return typeof item === 'string' && item.length <= 100 ? item : undefined
  } catch {
    return undefined
  }
}
