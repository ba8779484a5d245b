/**
 * An authorization server with your own users table, and an API that knows who is calling.
 *
 *     npm run example examples/own-users.ts
 *
 * It prints how to start web-app-client.ts, where ada@example.com signs in with the password "correct horse".
 */
import { generateKeyPairSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { promisify } from 'node:util'
import { authorizationCode, createAuthorizationServer, refreshToken, type UserProvider } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

// Your own hashing, whatever it is, off the main thread.
const hashOf = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>
const ada = { id: 7, name: 'Ada', email: 'ada@example.com', salt: 'a1', isActive: true }
const table = [{ ...ada, hash: await hashOf('correct horse', 'a1', 32) }]
const dummy = { salt: 'b2', hash: randomBytes(32) }

const users: UserProvider<(typeof table)[number]> = {
  find: async (id) => table.find((user) => String(user.id) === id && user.isActive),
  findByUsername: async (name) => table.find(({ email, isActive }) => email === name && isActive),
  async verifyPassword(user, password) {
    // Hash without a user too, or response times reveal who has an account.
    const { salt, hash } = user ?? dummy
    return timingSafeEqual(await hashOf(password, salt, 32), hash) && user !== undefined
  },
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
})

const auth = toNode(server)
const me = auth.user('profile')((request, response) => {
  const user = table.find(({ id }) => String(id) === request.auth.user.id)
  response.end(`You are ${user?.name}\n`)
})
const api: RequestListener = (request, response) => {
  if (request.url === '/me') return me(request, response)
  return response.setHeader('Content-Type', 'text/html').end('<a href="/login">Sign in</a>')
}

const redirectUris = [process.env['REDIRECT_URI'] ?? 'http://127.0.0.1:4000/callback']
const { client, secret } = await server.clients.create({ name: 'Notebook', redirectUris })
createServer(auth.routes(api)).listen(port, '127.0.0.1', () => {
  const settings = `ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret}`
  console.log(`Listening on ${issuer}\n${settings} npm run example examples/web-app-client.ts`)
})
