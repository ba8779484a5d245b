/**
 * A program that acts for itself: it gets a token by its secret (client credentials) and calls an API.
 *
 *     ISSUER=… CLIENT_ID=… CLIENT_SECRET=… npm run example examples/machine-client.ts
 *
 * node-http.ts prints that line, with the values in it.
 */
import * as oauth from 'oauth4webapi'

const { ISSUER = 'http://127.0.0.1:3000', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env

// For a server on this machine only. Leave it out and nothing but https is spoken.
const insecure = { [oauth.allowInsecureRequests]: true }

const issuer = new URL(ISSUER)
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: CLIENT_ID }

const answer = await oauth.clientCredentialsGrantRequest(
  server,
  client,
  oauth.ClientSecretBasic(CLIENT_SECRET),
  { scope: 'orders:read' },
  insecure,
)
const token = await oauth.processClientCredentialsResponse(server, client, answer)
console.log(`A token for "${token.scope}", good for ${token.expires_in} seconds`)

const orders = await oauth.protectedResourceRequest(
  token.access_token,
  'GET',
  new URL('/orders', issuer),
  undefined,
  undefined,
  insecure,
)
console.log(orders.status, await orders.text())
