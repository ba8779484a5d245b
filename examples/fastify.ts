/**
 * A shop in Fastify with its own users and sign-in form. Machines call its API.
 *
 *     npm run example examples/fastify.ts
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { authorizationCode, clientCredentials, createAuthorizationServer, type UserProvider } from 'consulate'
import { toFastify } from 'consulate/fastify'
import { sqlite } from 'consulate/sqlite'
import fastify from 'fastify'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const ada = { id: '1', name: 'Ada', password: randomBytes(9).toString('base64url') }
const users: UserProvider<typeof ada> = {
  find: async (id) => (id === ada.id ? ada : undefined),
  findByUsername: async (name) => (name === 'ada' ? ada : undefined),
  verifyPassword: async (user, password) => user?.password === password, // In production, store hashes.
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
  grants: [authorizationCode(), clientCredentials()],
})
const auth = toFastify(server)
const app = fastify()
await app.register(auth.routes())
const parse = async (_: unknown, text: string): Promise<URLSearchParams> => new URLSearchParams(text)
app.addContentTypeParser('*', { parseAs: 'string' }, parse)
const page = (text: string, action: string, label: string): string =>
  `<h1>Shop</h1><form method="post" action="${action}">${text} <button>${label}</button></form>`
const guestPage = page('Password of Ada: <input name="password" type="password">', '/in', 'Sign in')
app.get('/', async (request, reply) => {
  const user = await auth.currentUser(request, reply)
  return reply.type('text/html').send(user ? page(`Hello, ${user.name}.`, '/out', 'Sign out') : guestPage)
})
app.post<{ Body: URLSearchParams | undefined }>('/in', async (request, reply) => {
  if (request.body?.get('password') === ada.password) await auth.startSession(request, reply, ada)
  return reply.redirect('/', 303)
})
app.post('/out', async (request, reply) => {
  await auth.endSession(request, reply)
  return reply.redirect('/', 303)
})
app.get(
  '/orders',
  auth.machine('orders:read')(({ auth }) => ({ orders: ['tea', 'rice'], client: auth.client.id })),
)
const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
await app.listen({ port, host: '127.0.0.1' })
console.log(`Open ${issuer} and sign in with the password ${ada.password}. Call the API with:
ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret} npm run example examples/machine-client.ts`)
