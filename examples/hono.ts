/**
 * A shop in Hono with its own users and sign-in form. Machines call its API.
 *
 *     npm run example examples/hono.ts
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { authorizationCode, clientCredentials, createAuthorizationServer, type UserProvider } from 'consulate'
import { toHono } from 'consulate/hono'
import { sqlite } from 'consulate/sqlite'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

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
const auth = toHono(server)
const app = new Hono().use(auth.routes())

const page = (text: string, action: string, label: string): string =>
  `<h1>Shop</h1><form method="post" action="${action}">${text} <button>${label}</button></form>`
const guestPage = page('Password of Ada: <input name="password" type="password">', '/in', 'Sign in')
app.get('/', async (c) => {
  const user = await auth.currentUser(c)
  return c.html(user ? page(`Hello, ${user.name}.`, '/out', 'Sign out') : guestPage)
})
app.post('/in', async (c) => {
  const { password } = await c.req.parseBody()
  if (password === ada.password) await auth.startSession(c, ada, { methods: ['pwd'] })
  return c.redirect('/', 303)
})
app.post('/out', async (c) => {
  await auth.endSession(c)
  return c.redirect('/', 303)
})
app.get('/orders', auth.machine('orders:read'), (c) =>
  c.json({ orders: ['tea', 'rice'], client: c.var.auth.client.id }),
)
const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => {
  console.log(`Open ${issuer} and sign in with the password ${ada.password}. Call the API with:
ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret} npm run example examples/machine-client.ts`)
})
