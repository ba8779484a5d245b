/**
 * A single-page app that calls its API with axios, as the user who is signed in. It holds no tokens.
 *
 *     npm run example examples/single-page-app.ts
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { authorizationCode, createAuthorizationServer, type UserProvider } from 'consulate'
import { toExpress } from 'consulate/express'
import { sqlite } from 'consulate/sqlite'
import express from 'express'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const ada = { id: '1', email: 'ada@example.com', password: randomBytes(9).toString('base64url') }
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
  grants: [authorizationCode()],
  apiCookie: {},
})
const auth = toExpress(server)
const app = express().use(auth.routes())
const orders = ['tea', 'rice']
app.get('/api/orders', auth.user('orders:read'), (_request, response) => void response.json(orders))
app.post('/api/orders', auth.user(), (_request, response) => void response.json(orders.push('soap')))

app.use('/axios', express.static('node_modules/axios/dist/esm'))
const page = `<!doctype html><title>Shop</title><link rel="icon" href="data:,"><p role="status">
<p><button>Order soap</button> <a href="/logout">Sign out</a>
<script type="module">
  import axios from '/axios/axios.min.js' // Reads XSRF-TOKEN and sends X-XSRF-TOKEN.
  const api = axios.create({ baseURL: '/api' })
  api.interceptors.response.use(undefined, async ({ config, response }) => {
    if (response?.status !== 401) throw response
    await axios.post('/oauth/token/refresh')
    return axios.request(config) // not \`api\`: a call is repeated once
  })
  const signIn = () => location.assign('/login?return_to=' + encodeURIComponent(location.href))
  const show = (text) => (document.querySelector('p').textContent = text)
  const list = async () => show((await api.get('/orders')).data.join(', '))
  document.querySelector('button').onclick = () => api.post('/orders').then(list).catch(signIn)
  list().catch(signIn)
</script>`
app.get('/', (_request, response) => void response.send(page))
app.listen(port, '127.0.0.1').on('listening', () => {
  console.log(`Open ${issuer} and sign in as ${ada.email} with ${ada.password}`)
})
