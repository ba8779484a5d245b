/**
 * An authorization server and an API in one function from Request to Response, as frameworks with fetch handlers take
 * it: Hono's `app.all('*', (c) => handle(c.req.raw, address))`, a route handler of Next, an endpoint of SvelteKit.
 *
 *     npm run example examples/fetch-handler.ts
 *
 * No port is opened: the requests at the end go straight into the function.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { builtInUsers, clientCredentials, createAuthorizationServer } from 'consulate'
import { sqlite } from 'consulate/sqlite'

const server = createAuthorizationServer({
  issuer: 'https://example.com',
  // They end with this process. A real server has secretsFromDirectory('./secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [clientCredentials()],
})

const mayReadOrders = server.anyone('orders:read')

/** `peer` is the address of whoever is connected: failures are counted by it, so every request needs its own. */
async function handle(request: Request, peer: string): Promise<Response> {
  if (new URL(request.url).pathname !== '/orders') return server.fetch(request, { peer })
  const auth = await mayReadOrders(request)
  if (auth instanceof Response) return auth
  return Response.json({ orders: ['tea', 'rice'], kind: auth.kind })
}

const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
const body = new URLSearchParams({
  grant_type: 'client_credentials',
  client_id: client.id,
  client_secret: secret ?? '',
  scope: 'orders:read',
})
const tokens = await handle(
  new Request('https://example.com/oauth/token', { method: 'POST', body }),
  '192.0.2.7',
)
const { access_token: token } = (await tokens.json()) as { access_token: string }

for (const headers of [{}, { Authorization: `Bearer ${token}` }]) {
  const answer = await handle(new Request('https://example.com/orders', { headers }), '192.0.2.7')
  console.log(answer.status, await answer.text())
}
await server.close()
