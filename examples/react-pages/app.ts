/**
 * An authorization server whose sign-in and consent pages are React components, rendered here and hydrated in the browser.
 *
 * In the root of the checkout, `npm ci && npm pack`. Then, here:
 *
 *     npm install && npm install ../../consulate-0.1.0.tgz && npm run build
 *     npm start
 *
 * It prints how to start web-app-client.ts, where ada@example.com signs in with the password "correct horse".
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, createAuthorizationServer, refreshToken } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'
import { propsFor, render } from './render.tsx'
import { users } from './users.ts'

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
  scopes: { profile: 'See your name' },
  grants: [authorizationCode(), refreshToken()],
  pages: {
    name: 'Notebook',
    views: {
      signIn: (props) => render({ page: 'SignIn', props: propsFor(props) }, props),
      consent: (props) => render({ page: 'Consent', props: propsFor(props) }, props),
    },
  },
})

const auth = toNode(server)
const me = auth.user('profile')((request, response) => {
  response.end(`You are user ${request.auth.user.id}\n`)
})
const script = readFileSync('dist/client/client.js')
const app: RequestListener = (request, response) => {
  if (request.url === '/me') return me(request, response)
  if (request.url === '/assets/client.js')
    return response.setHeader('Content-Type', 'text/javascript').end(script)
  return response.setHeader('Content-Type', 'text/html').end('<a href="/login">Sign in</a>')
}

const redirectUris = [process.env['REDIRECT_URI'] ?? 'http://127.0.0.1:4000/callback']
const { client, secret } = await server.clients.create({ name: 'Notebook', redirectUris })
createServer(auth.routes(app)).listen(port, '127.0.0.1', () => {
  const settings = `ISSUER=${issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret}`
  console.log(`Listening on ${issuer}\n${settings} npm run example examples/web-app-client.ts`)
})
