/**
 * A grant of your own: people sign in to your app with a code that was sent to their phone.
 *
 *     npm run example examples/own-grant.ts
 *
 * No port is opened: at the end the app asks for tokens twice with one code, which works once.
 */
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto'
import { chooseScopes, createAuthorizationServer, OAuthError, permit, refreshToken, refuse } from 'consulate'
import type { Grant, UserProvider } from 'consulate'
import { sqlite } from 'consulate/sqlite'

const table = [{ id: 7, name: 'Ada', phone: '+441632960007' }]
const users: UserProvider<(typeof table)[number]> = {
  find: async (id) => table.find((person) => String(person.id) === id),
  findByUsername: async (phone) => table.find((person) => person.phone === phone),
  verifyPassword: async () => false,
}

/** The codes that were sent. Yours are hashes in a database, and expire; whoever deletes the row has used the code. */
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
      const met = await userDirectory.load({ provider: client.provider, userId }, client.id)
      return met && (await use(phone, form.get('code'))) ? met : undefined
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
  const answer = await server.fetch(new Request('https://example.com/oauth/token', { method: 'POST', body }))
  console.log(answer.status, Object.keys((await answer.json()) as object).join(' '))
}
await server.close()
