import { createServer } from 'node:http'
import { builtInUsers, clientCredentials, createAuthorizationServer, type Auth } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'

const server = createAuthorizationServer({
  issuer: 'https://shop.example',
  secrets: { signingKeys: [], secrets: [] },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [clientCredentials()],
})
const auth = toNode(server)

export const kindOf = ({ kind }: Auth<'orders:read'>): 'user' | 'machine' => kind

export const http = createServer(
  auth.machine('orders:read')((request, response) => {
    const id: string = request.auth.client.id
    // @ts-expect-error clients have no password
    response.end(id + String(request.auth.client.password))
  }),
)

// @ts-expect-error a misspelled scope
export const misspelled = auth.machine('orders:raed')
