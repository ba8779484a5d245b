/**
 * Your own grant: users sign in to your app with a code sent to their phone.
 *
 *     npm run example examples/own-grant.ts
 *
 * It opens no port. At the end, the app requests tokens twice with the same code, which works once.
 */
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto'
import { chooseScopes, createAuthorizationServer, OAuthError, permit, refreshToken, refuse } from 'consulate'
import type { Grant, UserProvider } from 'consulate'
import { sqlite } from 'consulate/sqlite'

const table = [{ id: 7, name: 'Ada', phone: '+441632960007' }]
const users: UserProvider<(typeof table)[number]> = {
  find: async (id) => table.find((user) => String(user.id) === id),
  findByUsername: async (phone) => table.find((user) => user.phone === phone),
  verifyPassword: async () => false,
}

/** The codes sent. In production, store hashes that expire, and delete the row to use up the code. */
const sent = new Map(table.map(({ phone }) => [phone, String(randomInt(1e6)).padStart(6, '0')]))
const use = async (phone: string, code: string | undefined): Promise<boolean> =>
  sent.get(phone) === code && sent.delete(phone)

const phoneCode: Grant = {
  type: 'https://example.com/grants/phone-code',
  async decide({ client, form, address, userAgent }, { attempt, userDirectory, scopes }) {
    const granted = chooseScopes(scopes, form.get('scope'), client.scopes)
    const phone = form.get('phone') ?? ''
    const userId = String((await users.findByUsername(phone))?.id)
    const user = await attempt({ address, account: `phone-code:${phone}` }, async () => {
      const found = await userDirectory.load({ provider: client.provider, userId }, client.id)
      return found && (await use(phone, form.get('code'))) ? found : undefined
    })
    if (!user) return refuse(new OAuthError('invalid_grant', 'The code is invalid'))
    return permit({ client, user, scopes: granted, device: { userAgent, address } })
  },
}

const server = createAuthorizationServer({
  issuer: 'https://example.com',
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users,
  scopes: { 'orders:read': 'See your orders' },
  grants: [phoneCode, refreshToken()],
  logger: { log() {} },
})
const grantTypes = [phoneCode.type, 'refresh_token']
const { client } = await server.clients.create({ name: 'The app', type: 'public', grantTypes })
for (const [phone, code] of [...sent, ...sent]) {
  const body = new URLSearchParams({ grant_type: phoneCode.type, client_id: client.id, phone, code })
  const reply = await server.fetch(new Request('https://example.com/oauth/token', { method: 'POST', body }))
  console.log(reply.status, Object.keys((await reply.json()) as object).join(' '))
}
await server.close()
