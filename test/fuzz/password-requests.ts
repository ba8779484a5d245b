import { randomBase64url, sha256 } from '../../src/lib/hash.ts'
import { formOf, openBrowser } from '../support/browser.ts'
import { browserHeaders, logInByApi, signIn, type Credentials } from './credentials.ts'
import { SHOP_ORIGIN, type Fixture } from './fixture.ts'
import { draft, post, type Draft } from './request.ts'
import { postJson } from './sign-in-requests.ts'

type Drafts = Promise<readonly [Draft, ...Draft[]]>

const NEW = 'battery staple correct'

export async function passwordPageRequests(fixture: Fixture, credentials: Credentials): Drafts {
  const visitor = await signIn(fixture, credentials)
  const headers = browserHeaders(fixture, visitor)
  const [path, { csrf }] = ['/account/password', visitor]
  return [
    draft(path, { headers }),
    draft(`${path}?changed=1`, { headers }),
    post(path, { csrf, new_password: 'short' }, ...headers),
    post(path, { csrf, new_password: NEW, keep_other_devices: 'yes' }, ...headers),
    post(path, { csrf, new_password: NEW, current_password: fixture.user.password }, ...headers),
  ]
}

/** Opens a page with a form as a guest, and returns the headers and the fields of its browser. */
async function openForm({ server }: Fixture, credentials: Credentials, path: string, label: string) {
  const browser = openBrowser(server)
  const { fields } = formOf(await browser.open(server.endpoint(path)), label)
  credentials.keep('csrf', fields['csrf'] ?? '')
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  return { fields, headers: [['cookie', cookie]] as const }
}

export async function forgotPasswordRequests(fixture: Fixture, credentials: Credentials): Drafts {
  const path = '/forgot-password'
  const { fields, headers } = await openForm(fixture, credentials, path, 'Send link')
  return [
    draft(path, { headers }),
    draft(`${path}?sent=yes`, { headers }),
    post(path, { ...fields, username: fixture.user.email }, ...headers),
    post(path, { ...fields, username: '<b>nobody</b>' }, ...headers),
  ]
}

/** Inserts a link for the user, as a server that sends one does. */
async function insertLink({ server, user }: Fixture, credentials: Credentials): Promise<string> {
  const token = server.knownSecrets.add('reset token', randomBase64url(32))
  const epochs = await server.store.revocations.readEpochs(user.id, '')
  const now = server.clock.now()
  const link = {
    hash: sha256(token),
    provider: 'users',
    userId: user.id,
    createdAt: now,
    expiresAt: now + 1_800_000,
    spentAt: null,
    voidedAt: null,
  }
  const limit = { maximum: Number.MAX_SAFE_INTEGER, since: 0 }
  await server.store.passwordResets.insert(link, { subject: user.id, epochs }, limit)
  return credentials.keep('reset', token)
}

export async function resetPasswordRequests(fixture: Fixture, credentials: Credentials): Drafts {
  const token = await insertLink(fixture, credentials)
  const path = '/reset-password'
  const open = `${path}?token=${token}`
  const { fields, headers } = await openForm(fixture, credentials, open, 'Change password')
  return [
    draft(open, { headers }),
    draft(`${path}?changed=yes`, { headers }),
    draft(`${path}?token=${randomBase64url(32)}`, { headers }),
    post(path, { ...fields, new_password: 'short' }, ...headers),
    post(path, { ...fields, new_password: NEW }, ...headers),
  ]
}

export async function apiPasswordRequests(fixture: Fixture, credentials: Credentials): Drafts {
  const [path, { password: current }] = ['/auth/password', fixture.user]
  const devices = [await logInByApi(fixture, credentials), await logInByApi(fixture, credentials)]
  const [phone = [], tablet = []] = devices.map(
    ({ access_token: token }) =>
      [
        ['authorization', `Bearer ${token}`],
        ['origin', SHOP_ORIGIN],
      ] as const,
  )
  return [
    postJson(path, { password: NEW, keep_other_devices: 'true' }, ...phone),
    post(path, { password: NEW, current_password: current, keep_other_devices: 'true' }, ...tablet),
    postJson(path, { password: 'short' }, ...tablet),
  ]
}

export async function apiResetRequests(fixture: Fixture, credentials: Credentials): Drafts {
  const origin = ['origin', SHOP_ORIGIN] as const
  const [token, other] = [await insertLink(fixture, credentials), await insertLink(fixture, credentials)]
  const ask = { username: fixture.user.email }
  return [
    // Answered with 200, unlike all others.
    draft('/.well-known/jwks.json'),
    postJson('/auth/forgot-password', ask, origin),
    post('/auth/forgot-password', ask),
    postJson('/auth/forgot-password/customers', { username: fixture.customer.email }, origin),
    postJson('/auth/reset-password', { token, password: NEW }, origin),
    post('/auth/reset-password', { token: other, password: 'short' }),
  ]
}
