/**
 * Users create tokens for their own scripts on a page of the server. The API accepts them like any other token.
 *
 *     npm run example examples/personal-tokens.ts
 *
 * It prints where to sign in, and a command with a token that the server created.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, createAuthorizationServer, type UserProvider } from 'consulate'
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
  scopes: { 'orders:read': 'See your orders', 'orders:create': 'Place orders' },
  grants: [authorizationCode()],
  personalTokens: { lifetime: '30d', maximumLifetime: '1y' },
})

const auth = toNode(server)
const orders = auth.user('orders:read')((request, response) => {
  response.end(JSON.stringify({ orders: ['tea', 'rice'], user: request.auth.user.id }))
})
const home = '<a href="/account/tokens">Your personal access tokens</a>'
const api: RequestListener = (request, response) => {
  if (request.url === '/orders') return orders(request, response)
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end(home)
  return response.writeHead(404).end()
}

createServer(auth.routes(api)).listen(port, '127.0.0.1')
const { token, accessToken } = await server.personalTokens.create(ada.id, {
  name: 'Backup',
  scopes: ['orders:read'],
  expiresIn: '7d',
})
console.log(`Open ${issuer} and sign in as ${ada.email} with ${ada.password}
"${token.name}" is valid until ${new Date(token.expiresAt).toISOString()}:
curl -H "Authorization: Bearer ${accessToken}" ${issuer}/orders`)
