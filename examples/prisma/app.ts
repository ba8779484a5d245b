/**
 * An authorization server whose users are in Prisma.
 *
 * In the root of the checkout, `npm ci && npm pack`. Then, here:
 *
 *     npm install && npm install ../../consulate-0.1.0.tgz && npm run generate
 *     npm start
 *
 * It prints how to start web-app-client.ts, where ada@example.com signs in with the password "correct horse".
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, createAuthorizationServer, refreshToken } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'
import { db, hash, users } from './users.ts'

// `prisma migrate` does this in a real project.
await db.$executeRaw`CREATE TABLE IF NOT EXISTS User (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE NOT NULL,
  password TEXT NOT NULL, isActive INTEGER NOT NULL DEFAULT 1)`
const ada = { id: 2n ** 53n + 1n, email: 'ada@example.com', password: await hash('correct horse') }
await db.user.upsert({ where: { email: ada.email }, create: ada, update: {} })

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const server = createAuthorizationServer({
  issuer,
  // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: { profile: 'See your email address' },
  grants: [authorizationCode(), refreshToken()],
})

const auth = toNode(server)
const me = auth.user('profile')(async (request, response) => {
  const user = await users.find(request.auth.user.id)
  response.end(`You are ${user?.email}, number ${request.auth.user.id}\n`)
})
const api: RequestListener = (request, response) => {
  if (request.url === '/me') return me(request, response)
  return response.setHeader('Content-Type', 'text/html').end('<a href="/account">Your account</a>')
}

const redirectUris = [process.env['REDIRECT_URI'] ?? 'http://127.0.0.1:4000/callback']
const { client, secret } = await server.clients.create({ name: 'Notebook', redirectUris })
createServer(auth.routes(api)).listen(port, '127.0.0.1', () => {
  const settings = `ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret}`
  console.log(`Listening on ${issuer}\n${settings} npm run example examples/web-app-client.ts`)
})
