/**
 * Tokens with claims of your own, clients with fields of your own, and a lifetime for each client.
 *
 *     npm run example examples/customize-tokens.ts
 *
 * It opens no port. Needs a schema library: `npm install zod`.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { clientCredentials, createAuthorizationServer, signIn, type UserProvider } from 'consulate'
import { sqlite } from 'consulate/sqlite'
import { z } from 'zod'

const table = [{ id: 7, email: 'ada@example.com', tenantId: 'orchard' }]
const users: UserProvider<(typeof table)[number]> = {
  find: async (id) => table.find((user) => String(user.id) === id),
  findByUsername: async (name) => table.find(({ email }) => email === name),
  verifyPassword: async (user, password) => user !== undefined && password === 'correct horse',
}

const server = createAuthorizationServer({
  issuer: 'https://id.example.com',
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: { 'orders:read': 'See your orders' },
  grants: [signIn(), clientCredentials({ accessTokenLifetime: '1h' })],
  clientFields: z.object({ plan: z.enum(['free', 'pro']).default('free'), contact: z.email().optional() }),
  tokenClaims: ({ user, client }) => ({ tenant: user?.tenantId, plan: client?.fields.plan }),
  tokenResponse: ({ user }) => ({ tenant_id: user?.tenantId }),
  logger: { log() {} },
})

const post = async (path: string, form: Record<string, string>) => {
  const request = { method: 'POST', body: new URLSearchParams(form) }
  const response = await server.fetch(new Request(`https://id.example.com${path}`, request))
  return (await response.json()) as { access_token: string; expires_in: number; tenant_id?: string }
}
const claimsOf = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` }
  const auth = await server.anyone()(new Request('https://api.example.com/', { headers }))
  return auth instanceof Response ? auth.status : auth.claims
}

const device = await post('/auth/login', { username: 'ada@example.com', password: 'correct horse' })
console.log('user', await claimsOf(device.access_token), device.tenant_id)
const machine = { name: 'Import', grantTypes: ['client_credentials'], fields: { plan: 'pro' } } as const
const { client, secret = '' } = await server.clients.create(machine)
const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: secret }
const first = await post('/oauth/token', form)
await server.clients.update(client.id, { accessTokenLifetime: '5m', fields: { plan: null } })
const second = await post('/oauth/token', form)
for (const { access_token: token, expires_in: seconds } of [first, second])
  console.log('machine', await claimsOf(token), seconds)
await server.close()
