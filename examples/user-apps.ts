/**
 * Users register their own apps on your page, which calls the JSON API of the server.
 *
 *     npm run example examples/user-apps.ts
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, createAuthorizationServer, refreshToken, type UserProvider } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const issuer = `http://127.0.0.1:${process.env['PORT'] ?? 3000}`
const ada = { id: '1', email: 'ada@example.com', password: randomBytes(9).toString('base64url') }
const users: UserProvider = {
  find: async (id) => (id === ada.id ? ada : undefined),
  findByUsername: async (name) => (name === ada.email ? ada : undefined),
  verifyPassword: async (user, password) => user !== undefined && password === ada.password,
}
const server = createAuthorizationServer({
  issuer,
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode(), refreshToken()],
  userApps: { limit: 5 },
})
const page = `<!doctype html><html lang="en"><title>Developer settings</title>
<h1>Your apps</h1> <p><a href="/login">Sign in</a></p> <div></div> <p role="status"></p>
<form><input name="app" placeholder="Name"> <input name="uri" placeholder="Redirect URI"> <button>Register app</button></form>
<script>
const [form, apps, status] = ['form', 'div', '[role]'].map((name) => document.querySelector(name))
async function call(method, path = '', body) {
  const csrf = (await fetch('/oauth/clients')).headers.get('X-CSRF-Token') ?? ''
  const headers = { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' }
  const response = await fetch('/oauth/clients' + path, { method, headers, body: JSON.stringify(body) })
  return response.status === 204 ? [] : response.json()
}
async function show() {
  apps.replaceChildren(...[await call('GET')].flat().filter((app) => app.client_id).map((app) => {
    const button = Object.assign(document.createElement('button'), { textContent: 'Delete ' + app.client_name })
    button.onclick = () => confirm('Delete this app?') && call('DELETE', '/' + app.client_id).then(show)
    return button
  }))
}
form.onsubmit = async (event) => {
  event.preventDefault()
  const app = await call('POST', '', { client_name: form.app.value, redirect_uris: [form.uri.value] })
  status.textContent = app.error_description ?? 'ID: ' + app.client_id + ', secret: ' + app.client_secret
  await show()
}
show()</script>`
const home: RequestListener = (_request, response) =>
  response.setHeader('Content-Type', 'text/html').end(page)
createServer(toNode(server).routes(home)).listen(Number(new URL(issuer).port), '127.0.0.1', () =>
  console.log(`Open ${issuer}, sign in as ${ada.email} with ${ada.password}, and register an app`),
)
