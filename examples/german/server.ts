/**
 * An authorization server whose pages are in German for users who read it.
 *
 *     npm run example examples/german/server.ts
 *
 * Then open http://127.0.0.1:3000/login?language=de.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, builtInUsers, createAuthorizationServer } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'
import { de } from './messages.ts'

const port = Number(process.env['PORT'] ?? 3000)
const issuer = `http://127.0.0.1:${port}`
const server = createAuthorizationServer({
  issuer,
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { profile: { description: { en: 'See your name', de: 'Ihren Namen sehen' } } },
  grants: [authorizationCode()],
  pages: { name: 'Tea house', languages: ['en', 'de'], messages: { de } },
})

const home: RequestListener = (_request, response) =>
  response.setHeader('Content-Type', 'text/html').end('<a href="/login?language=de">Anmelden</a>')
createServer(toNode(server).routes(home)).listen(port, '127.0.0.1', () => console.log(`Open ${issuer}`))
