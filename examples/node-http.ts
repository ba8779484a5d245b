/**
 * An authorization server and a guarded API in one process, on Node's HTTP server.
 *
 *     npm run example examples/node-http.ts
 *
 * It prints how to start machine-client.ts, which gets a token and calls the API.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { builtInUsers, clientCredentials, createAuthorizationServer } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`

const server = createAuthorizationServer({
  issuer,
  // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders', 'orders:create': 'Place orders' },
  grants: [clientCredentials()],
})

const auth = toNode(server)

const listOrders = auth.machine('orders:read')((request, response) => {
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ orders: ['tea', 'rice'], client: request.auth.client.id }))
})

const home = '<h1>Orders</h1><p><a href="/orders">The API</a> requires an access token.'

const api: RequestListener = (request, response) => {
  if (request.url === '/orders') return listOrders(request, response)
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end(home)
  return response.writeHead(404).end()
}

await server.ready()
const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
const http = createServer(auth.routes(api)).listen(port, '127.0.0.1', () => {
  const settings = `ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret}`
  console.log(
    `Listening on ${issuer}. To call the API:\n${settings} npm run example examples/machine-client.ts`,
  )
})

process.once('SIGTERM', () => http.close(() => void server.close()))
