/**
 * A shop in Express with its own users and sign-in form. Machines call its API.
 *
 *     npm run example examples/express.ts
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { authorizationCode, clientCredentials, createAuthorizationServer, type UserProvider } from 'consulate'
import { toExpress } from 'consulate/express'
import { sqlite } from 'consulate/sqlite'
import express from 'express'

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
const auth = toExpress(server)
const app = express().use(auth.routes())

const page = (text: string, action: string, label: string): string =>
  `<h1>Shop</h1><form method="post" action="${action}">${text} <button>${label}</button></form>`
app.get('/', async (request, response) => {
  const user = await auth.currentUser(request, response)
  const signIn = page('Password of Ada: <input name="password" type="password">', '/in', 'Sign in')
  response.send(user ? page(`Hello, ${user.name}.`, '/out', 'Sign out') : signIn)
})
app.post('/in', express.urlencoded(), async (request, response) => {
  const { password } = request.body as { password?: unknown }
  if (password === ada.password) await auth.startSession(request, response, ada, { methods: ['pwd'] })
  response.redirect('/')
})
app.post('/out', async (request, response) => {
  await auth.endSession(request, response)
  response.redirect('/')
})
app.get('/orders', auth.machine('orders:read'), (request, response) => {
  response.json({ orders: ['tea', 'rice'], client: request.auth?.client.id })
})

const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
app.listen(port, '127.0.0.1').on('listening', () => {
  console.log(`Open ${issuer} and sign in with the password ${ada.password}. Call the API with:
ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret} npm run example examples/machine-client.ts`)
})
