/**
 * An authorization server for orders-service.ts, which runs in another process.
 *
 *     npm run example examples/identity-service.ts
 *
 * It prints how to start the other service, how to get a token for it, and how to revoke the client in both.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { builtInUsers, clientCredentials, createAuthorizationServer } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const orders = process.env['ORDERS'] ?? 'http://127.0.0.1:3001'

const server = createAuthorizationServer({
  issuer,
  // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  resources: [orders],
  grants: [clientCredentials()],
})

await server.ready()
// The service uses this client to follow revocations. It can't get tokens.
const service = await server.clients.create({ name: 'Orders', followsRevocations: true })
const importer = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })

const fallback: RequestListener = async (request, response) => {
  const home = '<a href="/.well-known/oauth-authorization-server">Server metadata</a>'
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end(home)
  const isRevoked = request.method === 'DELETE' && (await server.clients.revoke(importer.client.id))
  return response.writeHead(isRevoked ? 204 : 404).end()
}

const http = createServer(toNode(server).routes(fallback)).listen(port, '127.0.0.1', () => {
  console.log(`Listening on ${issuer}`)
  console.log(
    `ISSUER=${issuer} ORDERS=${orders} CLIENT_ID=${service.client.id} CLIENT_SECRET=${service.secret}`,
    'npm run example examples/orders-service.ts',
  )
  const credentials = `${importer.client.id}:${importer.secret}`
  console.log(`curl -u ${credentials} -d grant_type=client_credentials -d resource=${orders} \\`)
  console.log(`  -d scope=orders:read ${issuer}/oauth/token`)
  console.log(`curl -X DELETE ${issuer}/importer`)
})

process.once('SIGTERM', () => http.close(() => void server.close()))
