/**
 * A server for your own apps, which sign users in themselves, and an API.
 *
 *     npm run example examples/sign-in-api.ts
 *
 * It prints how to run an app next to it.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { createAuthorizationServer, signIn, type UserProvider } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const ada = { id: '1', email: 'ada@example.com', password: randomBytes(9).toString('base64url') }

/** One user. In production, use your users table and hash the passwords. */
const users: UserProvider = {
  find: async (id) => (id === ada.id ? ada : undefined),
  findByUsername: async (name) => (name === ada.email ? ada : undefined),
  verifyPassword: async (user, password) => user !== undefined && password === ada.password,
}

const server = createAuthorizationServer({
  issuer,
  // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: { 'orders:read': 'See your orders' },
  grants: [signIn()],
})

const auth = toNode(server)
const orders = auth.user('orders:read')((request, response) => {
  response.end(JSON.stringify({ orders: ['tea', 'rice'], user: request.auth.user.id }))
})
const home =
  '<p>Apps sign in with <code>POST /auth/login</code>. <a href="/orders">The API</a> requires a token.'
const api: RequestListener = (request, response) => {
  if (request.url === '/orders') return orders(request, response)
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end(home)
  return response.writeHead(404).end()
}

createServer(auth.routes(api)).listen(port, '127.0.0.1')
await server.ready()
console.log(`Listening on ${issuer}. To sign in from an app:`)
console.log(
  `ISSUER=${issuer} USERNAME=${ada.email} PASSWORD=${ada.password} npm run example examples/axios-client.ts`,
)
