/**
 * An authorization server with two user types, staff and customers, each with its own table and guard.
 *
 *     npm run example examples/two-providers.ts
 *
 * It prints how to start web-app-client.ts for either. Both have a user ada: "correct horse" and "battery staple".
 */
import { generateKeyPairSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { promisify } from 'node:util'
import { authorizationCode, createAuthorizationServer, refreshToken } from 'consulate'
import type { UserAuth, UserProvider } from 'consulate'
import { toNode, type GuardedListener } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const hashOf = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>
const dummy = randomBytes(32)

/** A table with one user. */
async function tableOf(name: string, password: string): Promise<UserProvider> {
  const ada = { id: 7, name, hash: await hashOf(password, 'a1', 32) }
  return {
    find: async (id) => (id === '7' ? ada : undefined),
    findByUsername: async (typed) => (typed === 'ada' ? ada : undefined),
    verifyPassword: async (user, typed) =>
      timingSafeEqual(await hashOf(typed, 'a1', 32), user ? ada.hash : dummy) && user !== undefined,
  }
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
  users: await tableOf('Ada, staff', 'correct horse'),
  provider: 'staff',
  providers: { customers: await tableOf('Ada, customer', 'battery staple') },
  scopes: { profile: 'See your name' },
  grants: [authorizationCode(), refreshToken()],
})

const [staff, customers] = [toNode(server), toNode(server.for('customers'))]
const whoami: GuardedListener<UserAuth> = ({ auth: { user } }, response) =>
  void response.end(`${user.provider} ${user.id}`)
const [office, shop] = [staff.user('profile')(whoami), customers.user('profile')(whoami)]
const api: RequestListener = (request, response) => {
  if (request.url !== '/') return (request.url === '/staff' ? office : shop)(request, response)
  return response.setHeader('Content-Type', 'text/html').end('<a href="/login">Staff</a>')
}
const redirectUris = [process.env['REDIRECT_URI'] ?? 'http://127.0.0.1:4000/callback']
createServer(staff.routes(api)).listen(port, '127.0.0.1')
for (const [provider, ME] of Object.entries({ staff: '/staff', customers: '/shop' })) {
  const { client, secret } = await server.clients.create({ name: 'App', provider, redirectUris })
  const settings = `ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret} ME=${ME}`
  console.log(`${settings} npm run example examples/web-app-client.ts`)
}
