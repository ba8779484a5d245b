/**
 * A shop with its own sign-in. Users who are signed in to the shop are signed in to the server.
 *
 *     npm run example examples/app-session.ts
 */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, createAuthorizationServer, type AppUserProvider } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`

/** The sessions of the shop. In production, use those of your framework. */
const sessions = new Map<string, { readonly userId: string; readonly signedInAt: Date }>()
const sessionIdIn = (cookie: string | null = ''): string => /shop=([\w-]+)/.exec(cookie ?? '')?.[1] ?? ''

const users: AppUserProvider = {
  find: async (id) => (id === '1' ? { id, name: 'Ada' } : undefined),
  appSession: {
    signInUrl: '/sign-in',
    signOutUrl: '/sign-out',
    current(request) {
      const sessionId = sessionIdIn(request.headers.get('cookie'))
      const session = sessions.get(sessionId)
      return session && { id: session.userId, authenticatedAt: session.signedInAt, sessionId }
    },
  },
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
})

const button = '<h1>Shop</h1><form method="post"><button>Sign in as Ada</button></form>'
const shop: RequestListener = async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', issuer)
  if (pathname === '/sign-in' && request.method !== 'POST') return response.end(button)
  if (!/^\/sign-(in|out)$/.test(pathname)) return response.end('<h1>Shop</h1><a href="/account">Account</a>')
  const [id, returnTo] = [sessionIdIn(request.headers.cookie), searchParams.get('return_to')]
  if (sessions.delete(id)) await server.sessions.revokeAppSession(id)
  const newId = randomUUID() // New at each sign-in. In production, check a passkey, a code or a password first.
  if (pathname === '/sign-in') sessions.set(newId, { userId: '1', signedInAt: new Date() })
  response.setHeader('Set-Cookie', `shop=${newId}; HttpOnly; SameSite=Lax; Path=/`)
  return response.writeHead(303, { Location: server.sessions.isReturnTo(returnTo) ? returnTo : '/' }).end()
}

createServer(toNode(server).routes(shop)).listen(port, '127.0.0.1', () => console.log(`Open ${issuer}`))
