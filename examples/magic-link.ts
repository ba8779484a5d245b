/**
 * Your app signs users in by a link in an email, and the server gives out the tokens. A passkey works the same way.
 *
 *     npm run example examples/magic-link.ts
 *
 * It prints a command that asks for a link, and the link.
 */
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { json } from 'node:stream/consumers'
import { createAuthorizationServer, signIn, type UserProvider } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const ada = { id: '1', email: 'ada@example.com' }
const users: UserProvider = {
  find: async (id) => (id === ada.id ? ada : undefined),
  findByUsername: async (name) => (name === ada.email ? ada : undefined),
  verifyPassword: async () => false, // No user has a password.
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
  scopes: { 'tickets:buy': 'Buy tickets' },
  grants: [signIn()],
})

/** The hashes of unused links. In production, use a table, and limit how often a link is requested. */
const links = new Map<string, { readonly userId: string; readonly expiresAt: number }>()

const app: RequestListener = async (request, response) => {
  if (request.method === 'GET') return response.end('POST your email to /link, then the token to /sign-in')
  const body = (await json(request).catch(() => undefined)) as Record<string, string> | undefined
  const { email = '', token = '', device = 'App' } = body ?? {}
  if (request.url === '/link') {
    const [user, secret] = [await users.findByUsername(email), randomBytes(32).toString('base64url')]
    if (user) links.set(hash('sha256', secret), { userId: String(user.id), expiresAt: Date.now() + 600_000 })
    if (user) console.log(`Mail to ${email}: your token is ${secret}`)
    return response.writeHead(202).end() // The same for an unknown address.
  }
  const link = links.get(hash('sha256', token))
  links.delete(hash('sha256', token))
  if (!link || link.expiresAt < Date.now()) return response.writeHead(401).end()
  const tokens = await server.sessions.signIn(link.userId, { deviceName: device })
  return response.writeHead(200, { 'Cache-Control': 'no-store' }).end(JSON.stringify(tokens))
}

createServer(toNode(server).routes(app)).listen(port, '127.0.0.1', () =>
  console.log(`Listening on ${issuer}. curl -d '{"email":"${ada.email}"}' ${issuer}/link
Then: curl -d '{"token":"…","device":"My phone"}' ${issuer}/sign-in`),
)
