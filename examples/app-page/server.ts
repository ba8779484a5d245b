/**
 * An app whose own page asks for consent. The server redirects to /connect, and a script of the app draws the page.
 *
 *     npm run example examples/app-page/server.ts
 *
 * It prints how to start web-app-client.ts, where ada@example.com signs in with the password "correct horse".
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, createAuthorizationServer, refreshToken } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const ada = { id: 7, name: 'Ada', email: 'ada@example.com' }
const users = {
  find: async (id: string) => (id === '7' ? ada : undefined),
  findByUsername: async (name: string) => (name === ada.email ? ada : undefined),
  // In production, hash passwords: see own-users.ts.
  verifyPassword: async (user: typeof ada | undefined, password: string) =>
    user === ada && password === 'correct horse',
}
const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const server = createAuthorizationServer({
  issuer,
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: { profile: 'See your name' },
  grants: [authorizationCode(), refreshToken()],
  pages: { views: { consent: () => new Response(null, { status: 303, headers: { Location: '/connect' } }) } },
})

const script = readFileSync(new URL('connect.js', import.meta.url))
const csp =
  "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
const auth = toNode(server)
const me = auth.user('profile')((_request, response) => void response.end('You are Ada\n'))
const app: RequestListener = (request, response) => {
  if (request.url === '/me') return me(request, response)
  if (request.url === '/connect.js') return response.setHeader('Content-Type', 'text/javascript').end(script)
  response
    .setHeader('Content-Type', 'text/html')
    .setHeader('Content-Security-Policy', csp)
    .setHeader('Cache-Control', 'no-store')
  return response.end('<body><script type="module" src="/connect.js"></script>')
}
const { client, secret } = await server.clients.create({
  name: 'Notebook',
  redirectUris: [process.env['REDIRECT_URI'] ?? 'http://127.0.0.1:4000/callback'],
})
createServer(auth.routes(app)).listen(port, '127.0.0.1', () => {
  const settings = `ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret}`
  console.log(`Listening on ${issuer}\n${settings} npm run example examples/web-app-client.ts`)
})
