/**
 * An account area of your own: the page of connected apps in your design, with the navigation of the account pages.
 *
 *     npm run example examples/own-account-page.ts
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { authorizationCode, createAuthorizationServer, type UserProvider, type View } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const issuer = `http://127.0.0.1:${process.env['PORT'] ?? 3000}`
const ada = { id: '1', email: 'ada@example.com', password: randomBytes(9).toString('base64url') }
const users: UserProvider = {
  find: async (id) => (id === ada.id ? ada : undefined),
  findByUsername: async (name) => (name === ada.email ? ada : undefined),
  verifyPassword: async (user, password) => user !== undefined && password === ada.password,
}

/** Props are plain text, and apps choose their own names: escape whatever you print, and isolate its direction. */
const text = (value: string): string =>
  `<bdi>${value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)}</bdi>`

const connectedApps: View<'connectedApps'> = ({ apps, accountPages, disconnected }) => `<!doctype html>
<html lang="en">
<title>Tea house: apps</title>
<nav>${accountPages.map(({ page, url }) => `<a href="${url}">${page}</a>`).join(' ')}</nav>
<h1>Your apps</h1>
${disconnected === undefined ? '' : `<p role="status">${text(disconnected)} no longer has access.</p>`}
<ul>${apps
  .map(
    ({ name, scopes, connectedAt, disconnectUrl }) => `<li>${text(name)}
    since ${new Date(connectedAt).toDateString()}: ${scopes.map((scope) => text(scope.description)).join(', ')}
    <a href="${disconnectUrl.replaceAll('&', '&amp;')}">Disconnect ${text(name)}</a>`,
  )
  .join('')}</ul>
</html>`

const server = createAuthorizationServer({
  issuer,
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: { 'events:read': 'See your events' },
  grants: [authorizationCode()],
  pages: { name: 'Tea house', views: { connectedApps } },
})
const { client } = await server.clients.create({ name: 'Calendar', redirectUris: [`${issuer}/`] })
const connect = `/oauth/authorize?response_type=code&scope=events:read&client_id=${client.id}`
const home: RequestListener = (_request, response) =>
  response
    .setHeader('Content-Type', 'text/html')
    .end(`<a href="${connect}">Connect Calendar</a> <a href="/account/apps">Your apps</a>`)
createServer(toNode(server).routes(home)).listen(Number(new URL(issuer).port), '127.0.0.1', () =>
  console.log(`Open ${issuer} and sign in as ${ada.email} with ${ada.password}`),
)
