/**
 * An authorization server in a process of its own, for orders-service.ts, which runs in another.
 *
 *     npm run example examples/identity-service.ts
 *
 * It prints how to start the other one, how to get a token for it, and how to end that token in both.
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
  // They end with this process. A real server has secretsFromDirectory('./secrets').
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
// The service follows what is revoked. That is all that its credential is good for.
const service = await server.clients.create({ name: 'Orders', followsRevocations: true })
const importer = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })

const others: RequestListener = async (request, response) => {
  const isEnded = request.method === 'DELETE' && (await server.clients.revoke(importer.client.id))
  response.writeHead(isEnded ? 204 : 404).end()
}

const http = createServer(toNode(server).routes(others)).listen(port, '127.0.0.1', () => {
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
