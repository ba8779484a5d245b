/**
 * An authorization server and an API in one fetch handler, for frameworks that use Request and Response and have no adapter.
 *
 *     npm run example examples/fetch-handler.ts
 *
 * It opens no port. The requests at the end call the function directly.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { builtInUsers, clientCredentials, createAuthorizationServer } from 'consulate'
import { sqlite } from 'consulate/sqlite'

const server = createAuthorizationServer({
  issuer: 'https://example.com',
  // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [clientCredentials()],
})

const requireOrders = server.anyone('orders:read')

/** `peer` is the address of the connected client. Failures are counted by it, so pass it for every request. */
async function handle(request: Request, peer: string): Promise<Response> {
  if (new URL(request.url).pathname !== '/orders') return server.fetch(request, { peer })
  const auth = await requireOrders(request)
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
  const response = await handle(new Request('https://example.com/orders', { headers }), '192.0.2.7')
  console.log(response.status, await response.text())
}
await server.close()
