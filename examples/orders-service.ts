/**
 * An API in a separate service. It has the authorization server's public keys and follows its revocations, without a
 * database or a private key.
 *
 *     ISSUER=… ORDERS=… CLIENT_ID=… CLIENT_SECRET=… npm run example examples/orders-service.ts
 *
 * identity-service.ts prints this command with the values filled in.
 */
import { createServer } from 'node:http'
import { createGuard } from 'consulate/guard'
import { toNode } from 'consulate/node'

const { ISSUER = '', ORDERS = '', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env

const guard = createGuard({
  issuer: ISSUER,
  audience: ORDERS,
  scopes: ['orders:read', 'orders:create'],
  revocations: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
})

const listOrders = toNode(guard).machine('orders:read')((request, response) => {
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ orders: ['tea', 'rice'], client: request.auth.client.id }))
})

// Throws if the credentials are wrong. Without it, requests get 503 until keys and revocations are loaded.
await guard.ready()

const http = createServer((request, response) => {
  if (request.url === '/') {
    const links = '<a href="/orders">Orders</a> (requires a token), <a href="/health">health</a>'
    response.setHeader('Content-Type', 'text/html').end(links)
  } else if (request.url === '/health') {
    const health = guard.health()
    response.writeHead(health.isReady ? 200 : 503).end(JSON.stringify(health))
  } else listOrders(request, response)
}).listen(Number(new URL(ORDERS).port), '127.0.0.1', () => console.log(`Orders at ${ORDERS}`))

process.once('SIGTERM', () => {
  guard.close()
  http.close()
})
