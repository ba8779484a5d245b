import { afterAll, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { connect, getCredentials, outcomeOf, type Clients, type Credentials } from '../support/credentials.ts'
import {
  basic,
  callApi,
  claimOf,
  fetchJson,
  formBody,
  refresh,
  requestToken,
} from '../support/oauth-client.ts'
import { createMailbox } from '../support/password-reset.ts'
import { startServer, type TestClient, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postRefresh } from '../support/sign-in-api.ts'
import { API_COOKIE } from '../support/spa.ts'
import { createUserTable } from '../support/user-table.ts'
import {
  CREDENTIALS,
  WHAT_ENDS_WHAT,
  type CredentialName,
  type EndingEvent,
  type Outcome,
} from '../support/what-ends-what.ts'

const table = createUserTable()
const mailbox = createMailbox()
const server = await startServer({
  users: table.provider,
  passwordReset: mailbox.passwordReset,
  grants: [...commonConfig().grants, signIn()],
  apiCookie: {},
})
mailbox.watch(server.knownSecrets)
afterAll(server.close)

const NEW = server.knownSecrets.add('password', 'battery staple correct')

let added = 0
function addUser(): TestUser {
  added += 1
  const password = server.knownSecrets.add('password', `correct horse ${added} battery`)
  const user = { id: `user-${added}`, email: `user-${added}@example.com`, password }
  table.users.set(user.id, user)
  return user
}

const addClients = async (): Promise<Clients> => ({
  first: await server.addClient({
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    redirectUris: ['https://first.example/callback'],
    scopes: ['orders:read'],
  }),
  third: await server.addClient({ ownerId: 'owner' }),
})

interface World {
  readonly user: TestUser
  readonly clients: Clients
  readonly here: Credentials
  /** The same with another browser and an app in it. */
  readonly there: Credentials
  /** Those of another user. */
  readonly neighbor: Credentials
}

/** What nothing may end, except the revocation of the client. */
const shared = await addClients()
const neighbor = await getCredentials(server, addUser(), shared)

async function createWorld(event: EndingEvent): Promise<World> {
  const isLast = event === 'client revoked'
  const clients = isLast ? await addClients() : shared
  const [user, browser] = [addUser(), openBrowser(server)]
  const here = await getCredentials(server, user, clients)
  const first = await connect({ server, browser, user, client: clients.first })
  return {
    user,
    clients,
    here,
    there: { ...here, browser, cookies: new Map(browser.cookies), first },
    neighbor: isLast ? await getCredentials(server, addUser(), clients) : neighbor,
  }
}

const press = async ({ browser }: Credentials, path: string, label: string, fields = {}) => {
  const page = await browser.press(await browser.open(server.endpoint(path)), label, fields)
  expect(page.status).toBe(200)
}

const post = async (path: string, token: string | undefined, body = {}) => {
  const { status } = await callSignInApi(server, path, { body, ...(token !== undefined && { token }) })
  expect(status).toBeLessThan(300)
}

/** Sends a token to the revocation endpoint. Anyone may revoke a personal token. */
async function revokeToken(token: string, { id, secret = '' }: Partial<TestClient> = {}): Promise<void> {
  const headers = id === undefined ? {} : { authorization: basic(id, secret) }
  const body = formBody({ token })
  expect((await fetchJson(server, '/oauth/revoke', { method: 'POST', headers, body })).status).toBe(200)
}

const leave = ({ id }: TestUser): void => void table.users.delete(id)

const signInAs = async ({ browser }: Credentials, user: TestUser): Promise<void> =>
  void (await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), user))

/** Rotates each refresh token, and presents the old one again after the grace window. */
async function replayRefreshTokens({ here }: World): Promise<void> {
  const renew = {
    device: (token: string) => postRefresh(server, token),
    first: (token: string) => refresh({ server, client: here.first.client }, token),
    third: (token: string) => refresh({ server, client: here.third.client }, token),
  }
  const names = ['device', 'first', 'third'] as const
  const old = names.map((name) => here[name].refresh_token)
  for (const name of names) Object.assign(here[name], (await renew[name](here[name].refresh_token)).body)
  server.clock.advance('91s')
  for (const [index, name] of names.entries())
    expect((await renew[name](old[index] ?? '')).status).toBeGreaterThan(399)
}

const EVENTS: Readonly<Record<EndingEvent, (world: World) => unknown>> = {
  async 'sign-out'({ here }) {
    await press(here, '/logout', 'Sign out')
    await post('/auth/logout', here.device.access_token)
  },
  'sign-out of all other devices': ({ there }) =>
    press(there, '/account/devices?sign_out=others', 'Sign out'),
  'sign-out of all devices': async ({ user }) =>
    post('/auth/logout-all', (await logIn(server, user)).access_token),
  'sign-out everywhere': ({ user }) => server.server.users.signOutEverywhere(user),
  'another user signs in': ({ here }) => signInAs(here, addUser()),
  'the same user signs in again': ({ here, user }) => signInAs(here, user),
  'password changed by the user on the page': ({ there }) =>
    press(there, '/account/password', 'Change password', { new_password: NEW }),
  'password changed by the user in the API': async ({ user }) =>
    post('/auth/password', (await logIn(server, user)).access_token, { password: NEW }),
  'password changed, other devices kept': ({ there }) =>
    press(there, '/account/password', 'Change password', { new_password: NEW, keep_other_devices: 'yes' }),
  async 'password reset by link'({ user }) {
    await post('/auth/forgot-password', undefined, { username: user.email })
    const { token } = await mailbox.newest(user.email)
    await post('/auth/reset-password', undefined, { token, password: NEW })
  },
  'password set in code': ({ user }) => server.server.users.setPassword(user, NEW),
  'password set in code, third parties too': ({ user }) =>
    server.server.users.setPassword(user, NEW, { revokeThirdParties: true }),
  async 'user disabled'({ user }) {
    leave(user)
    await server.server.users.signOutEverywhere(user)
  },
  async 'user deleted'({ user }) {
    leave(user)
    await server.server.users.forget(user)
  },
  'user no longer found': ({ user }) => leave(user),
  async 'app disconnected'({ user, clients }) {
    for (const { id } of [clients.first, clients.third])
      await server.server.authorizations.disconnect(user, id)
  },
  async 'client revoked'({ clients }) {
    for (const { id } of [clients.first, clients.third]) await server.server.clients.revoke(id)
  },
  async 'authorization revoked'({ here }) {
    for (const { access_token: token } of [here.device, here.first, here.third])
      await server.server.authorizations.revoke(claimOf(token, 'azn'))
    await server.server.authorizations.revoke(here.personal.id)
  },
  async 'access token revoked'({ here }) {
    const tokens = [here.device, here.first, here.third].map(({ access_token: token }) => token)
    const cookie = here.cookies.get(API_COOKIE) ?? ''
    for (const token of [...tokens, here.personal.accessToken, here.machine, cookie])
      await server.server.tokens.revoke({
        tokenId: claimOf(token, 'jti'),
        expiresAt: Number(claimOf(token, 'exp')) * 1000,
      })
  },
  async 'refresh token revoked by its client'({ here }) {
    for (const { client, refresh_token: token } of [here.first, here.third]) await revokeToken(token, client)
  },
  async 'access token revoked by its client'({ here }) {
    for (const { client, access_token: token } of [here.first, here.third]) await revokeToken(token, client)
    await revokeToken(here.machine, here.first.client)
    await revokeToken(here.personal.accessToken)
  },
  'refresh token replayed': replayRefreshTokens,
  async 'code replayed'({ here }) {
    for (const { client, exchange } of [here.first, here.third])
      expect((await requestToken(server, client, exchange)).body['error']).toBe('invalid_grant')
  },
}

const api = await server.addClient({ introspects: true })

async function isActive(token: string): Promise<unknown> {
  const headers = { authorization: basic(api.id, api.secret ?? '') }
  const body = formBody({ token })
  return (await fetchJson(server, '/oauth/introspect', { method: 'POST', headers, body })).body['active']
}

const isAccepted = async (path: string, token: string): Promise<boolean> =>
  (await callApi(server, path, token)).status === 200

const STAYS: readonly [Outcome, Outcome] = ['stays', 'stays']
const ENDS: readonly [Outcome, Outcome] = ['ends', 'ends']

/** What happens to the session and the app in the other browser of the user. */
const THERE: Readonly<Record<EndingEvent, readonly [session: Outcome, app: Outcome]>> = {
  'sign-out': STAYS,
  'sign-out of all other devices': STAYS,
  'sign-out of all devices': ENDS,
  'sign-out everywhere': ENDS,
  'another user signs in': STAYS,
  'the same user signs in again': STAYS,
  'password changed by the user on the page': ['stays', 'must refresh'],
  'password changed by the user in the API': ENDS,
  'password changed, other devices kept': STAYS,
  'password reset by link': ENDS,
  'password set in code': ENDS,
  'password set in code, third parties too': ENDS,
  'user disabled': ENDS,
  'user deleted': ENDS,
  'user no longer found': ['ends', 'until it expires'],
  'app disconnected': ['stays', 'ends'],
  'client revoked': ['stays', 'ends'],
  'authorization revoked': STAYS,
  'access token revoked': STAYS,
  'refresh token revoked by its client': STAYS,
  'access token revoked by its client': STAYS,
  'refresh token replayed': STAYS,
  'code replayed': STAYS,
}

/** The revocation of a client concerns all of its users. */
const neighborOutcome = (event: EndingEvent, name: CredentialName): Outcome =>
  event === 'client revoked' && ['first-party app', 'third-party app', 'machine token'].includes(name)
    ? 'ends'
    : 'stays'

const rows = Object.entries(WHAT_ENDS_WHAT) as [EndingEvent, readonly Outcome[]][]

describe.each(rows)('%s', (event, row) => {
  let world: Promise<World> | undefined
  const start = async (): Promise<World> => {
    const created = await createWorld(event)
    await EVENTS[event](created)
    return created
  }
  /** Creates the credentials and lets the event happen, once. */
  const prepare = (): Promise<World> => (world ??= start())

  const cells = CREDENTIALS.map((name, index) => ({ name, outcome: row[index] ?? '—' }))
  test.each(cells.filter(({ outcome }) => outcome !== '—'))('$name: $outcome', async ({ name, outcome }) => {
    expect(await outcomeOf(server, name, (await prepare()).here)).toBe(outcome)
  })

  test(`on another device: ${THERE[event].join(', ')}`, async () => {
    const { there } = await prepare()
    const session = await outcomeOf(server, 'browser session', there)
    expect([session, await outcomeOf(server, 'first-party app', there)]).toEqual(THERE[event])
  })

  test('introspection and the list of connected apps agree', async () => {
    const { here, user, clients } = await prepare()
    for (const token of [here.device, here.first, here.third].map(({ access_token: text }) => text))
      expect(await isActive(token)).toBe(await isAccepted('/me', token))
    expect(await isActive(here.personal.accessToken)).toBe(await isAccepted('/me', here.personal.accessToken))
    expect(await isActive(here.machine)).toBe(await isAccepted('/machine', here.machine))
    const connected = (await server.server.connections.list(user)).find(
      ({ client }) => client.id === clients.third.id,
    )
    expect((connected?.authorizations ?? 0) > 0).toBe(row[CREDENTIALS.indexOf('third-party app')] !== 'ends')
  })

  test('leaves other users alone', async () => {
    const { neighbor: other } = await prepare()
    for (const name of CREDENTIALS)
      expect([name, await outcomeOf(server, name, other)]).toEqual([name, neighborOutcome(event, name)])
  })
})
