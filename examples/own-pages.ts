/**
 * An authorization server with its own brand and its own sign-in page. The other pages are built in.
 *
 *     npm run example examples/own-pages.ts
 *
 * Then open http://127.0.0.1:3000/login.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, builtInUsers, createAuthorizationServer, type View } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

/** Props are plain text: escape whatever you print. */
const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const problems = {
  credentials: 'Incorrect email or password.',
  expired: 'Your session timed out. Sign in again.',
  throttled: 'Too many attempts. Try again later.',
}

const signIn: View<'signIn'> = ({ action, hidden, username, problem, client }) => `<!doctype html>
<html lang="en">
<title>Tea house: sign in</title>
<link rel="stylesheet" href="/tea-house.css">
<h1>Welcome to the tea house</h1>
${client ? `<p>to continue to ${escape(client.name)}</p>` : ''}
${problem ? `<p role="alert">${problems[problem.kind]}</p>` : ''}
<form method="post" action="${escape(action)}">
  ${Object.entries(hidden)
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join('')}
  <label>Email <input name="username" autocomplete="username" value="${escape(username)}"></label>
  <label>Password <input name="password" type="password" autocomplete="current-password"></label>
  <button>Sign in</button>
</form>
</html>`

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
  scopes: { profile: 'See your name' },
  grants: [authorizationCode()],
  pages: { name: 'Tea house', accent: '#8a2be2', views: { signIn } },
})

const home: RequestListener = (_request, response) =>
  response.setHeader('Content-Type', 'text/html').end('<a href="/login">Sign in</a>')
createServer(toNode(server).routes(home)).listen(port, '127.0.0.1', () => console.log(`Open ${issuer}`))
