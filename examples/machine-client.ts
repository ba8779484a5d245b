/**
 * A machine client: it gets a token with its secret (client credentials) and calls an API.
 *
 *     ISSUER=… CLIENT_ID=… CLIENT_SECRET=… npm run example examples/machine-client.ts
 *
 * node-http.ts prints this command with the values filled in.
 */
import * as oauth from 'oauth4webapi'

const { ISSUER = 'http://127.0.0.1:3000', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env

// Allows http, for a local server only.
const insecure = { [oauth.allowInsecureRequests]: true }

const issuer = new URL(ISSUER)
const discovery = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, discovery)
const client = { client_id: CLIENT_ID }

const response = await oauth.clientCredentialsGrantRequest(
  server,
  client,
  oauth.ClientSecretBasic(CLIENT_SECRET),
  { scope: 'orders:read' },
  insecure,
)
const token = await oauth.processClientCredentialsResponse(server, client, response)
console.log(`Got a token with scope "${token.scope}", valid for ${token.expires_in} seconds`)

const orders = await oauth.protectedResourceRequest(
  token.access_token,
  'GET',
  new URL('/orders', issuer),
  undefined,
  undefined,
  insecure,
)
console.log(orders.status, await orders.text())
