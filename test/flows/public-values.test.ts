import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVENT_NAMES } from '../../src/event-map.ts'
import { signIn, type Administration } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { addDeviceClient, startDevice } from '../support/device.ts'
import {
  authorizationUrl,
  claimOf,
  getCode,
  getCodeFlowTokens,
  refresh,
  requestToken,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { callSignInApi } from '../support/sign-in-api.ts'

const WEBHOOK_SECRET = `whsec_${Buffer.from('the secret of the webhook').toString('base64')}`

const server = await startServer({
  grants: [...commonConfig().grants, signIn()],
  throttle: { perAccount: { failures: 2, window: '15m' } },
  passwordReset: { send: () => {} },
  // Nothing listens there.
  webhooks: { endpoints: [{ id: 'crm', url: 'http://127.0.0.1:9', secret: WEBHOOK_SECRET, events: 'all' }] },
  providers: {
    members: {
      find: async () => undefined,
      findByUsername: async () => undefined,
      verifyPassword: async () => false,
      appSession: { signInUrl: '/sign-in', current: () => undefined },
    },
  },
})
const {
  clients,
  authorizations,
  connections,
  personalTokens,
  sessions,
  users,
  tokens,
  audit,
  webhooks,
  purge,
} = server.server
const [user, victim] = [await server.addUser(), await server.addUser()]
const client = await server.addClient({ requiresPkce: true })
const flow = { server, browser: openBrowser(server), client, user }
afterAll(server.close)
server.knownSecrets.add('webhook secret', WEBHOOK_SECRET)

/** Fills every table, and causes every event at least once. */
beforeAll(async () => {
  const { exchange } = await getCode(flow)
  await requestToken(server, client, exchange)
  await requestToken(server, client, exchange)
  await refuseConsent()
  await connections.disconnect(user, client.id)
  await guessPassword()
  await refreshAfterRestore()
  await startDevice(server, await addDeviceClient(server))
  await personalTokens.create(user.id, { name: 'Backup' })
  await callSignInApi(server, '/auth/forgot-password', { body: { username: user.email } })
  const browser = openBrowser(server)
  await getCodeFlowTokens({ ...flow, browser })
  await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
  await getCodeFlowTokens(flow)
})

async function refuseConsent(): Promise<void> {
  const app = await server.addClient()
  const url = authorizationUrl(server, app, { scope: 'profile' })
  await flow.browser.press(await flow.browser.open(url), "Don't allow")
}

async function guessPassword(): Promise<void> {
  for (let count = 0; count < 3; count += 1) {
    const browser = openBrowser(server)
    const login = await browser.open(server.endpoint('/login'))
    await browser.signIn(login, { ...victim, password: 'a wrong guess' })
  }
}

/** Sets the row back as a restored backup would. */
async function refreshAfterRestore(): Promise<void> {
  const first = await getCodeFlowTokens(flow)
  const { body } = await refresh(flow, first.refresh_token)
  const database = new DatabaseSync(server.file)
  database.exec('update consulate_authorizations set generation = 0')
  database.close()
  await refresh(flow, String(body['refresh_token']))
}

/** Every hash in the database, and every secret that was handed out. */
function secretValues(): readonly string[] {
  const database = new DatabaseSync(server.file, { readOnly: true })
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
  const rows = tables.flatMap(({ name }) => database.prepare(`select * from "${String(name)}"`).all())
  database.close()
  const hashes = rows
    .flatMap((row) => Object.entries(row))
    .filter(([column, value]) => /hash|secret|fingerprint/.test(column) && typeof value === 'string')
    .flatMap(([, value]) => String(value).match(/[\w$+/=.,-]{20,}/g) ?? [])
  return [...new Set([...hashes, ...server.knownSecrets.entries.keys()])]
}

function expectNothingSecret(name: string, value: unknown): void {
  const text = JSON.stringify(value) ?? ''
  expect(
    secretValues().filter((secret) => text.includes(secret)),
    name,
  ).toEqual([])
}

const registration = { name: 'New', redirectUris: ['https://new.example/callback'] }

const guest = { headers: {} }

type Call = () => Promise<unknown>

/** One call of each method. A new method does not compile until it is listed here. */
const CALLS: {
  readonly [Group in Exclude<keyof Administration, 'purge' | 'attempt'>]: {
    readonly [Name in keyof Administration[Group]]: Call
  }
} & { readonly purge: Call } = {
  clients: {
    // The only values that must hold a secret: `secret` and `accessToken`, on the top level.
    create: async () => (await clients.create(registration)).client,
    find: () => clients.find(client.id),
    list: () => clients.list(),
    listByOwner: () => clients.listByOwner(user),
    update: () => clients.update(client.id, { name: 'Renamed' }),
    rotateSecret: async () => {
      const { secret: _, ...rest } = (await clients.rotateSecret(client.id)) ?? { secret: '' }
      return rest
    },
    revoke: async () => clients.revoke((await server.addClient()).id),
  },
  webhooks: {
    list: () => webhooks.list(),
    deliveries: () => webhooks.deliveries({ limit: 1_000 }),
    test: () => webhooks.test('crm'),
    replay: () => webhooks.replay({ since: 0 }),
  },
  authorizations: {
    list: () => authorizations.list(user),
    disconnect: () => authorizations.disconnect(victim, client.id),
    revoke: () => authorizations.revoke('unknown'),
  },
  connections: {
    list: () => connections.list(user),
    disconnect: () => connections.disconnect(victim, client.id),
  },
  personalTokens: {
    create: async () => (await personalTokens.create(user, { name: 'Other' })).token,
    list: () => personalTokens.list(user),
    revoke: async () => personalTokens.revoke((await personalTokens.create(user, { name: 'Old' })).token.id),
  },
  sessions: {
    list: () => sessions.list(user),
    revoke: () => sessions.revoke('unknown'),
    // All of its values are tokens for the device.
    signIn: async () => (await sessions.signIn(user)).session_id,
    start: async () => (await sessions.start(victim, { request: guest })).session,
    current: async () => {
      const { cookies } = await sessions.start(victim, { request: guest })
      return sessions.current({ headers: { cookie: cookies.map((each) => each.split(';', 1)[0] ?? '') } })
    },
    end: () => sessions.end(guest),
    isReturnTo: async () => sessions.isReturnTo(server.endpoint('/login?return_to=unknown')),
    revokeAppSession: () => sessions.revokeAppSession('unknown', { provider: 'members' }),
  },
  users: {
    setPassword: () => users.setPassword(victim, 'another password'),
    signOutEverywhere: () => users.signOutEverywhere(victim),
    forget: () => users.forget(victim),
  },
  tokens: { revoke: () => tokens.revoke({ tokenId: 'unknown', expiresAt: Date.now() + 1000 }) },
  audit: { find: () => audit.find(requestIdOf('request.refused')), list: () => audit.list() },
  metrics: { text: () => server.server.metrics.text().catch(() => 'off') },
  purge: () => purge({ hours: 0 }),
}

const requestIdOf = (event: string): string =>
  String(server.events.find(({ name }) => name === event)?.payload['requestId'])

const calls = Object.entries(CALLS).flatMap(([group, methods]): (readonly [string, Call])[] =>
  typeof methods === 'function'
    ? [[group, methods]]
    : Object.entries(methods).map(([name, call]) => [`${group}.${name}`, call]),
)

const results = new Map<string, unknown>()
beforeAll(async () => {
  for (const [name, call] of calls) results.set(name, await call())
})

test('there are rows and hashes to find', async () => {
  const lists = [clients.list(), authorizations.list(user), personalTokens.list(user), sessions.list(user)]
  for (const list of await Promise.all(lists)) expect(list).not.toEqual([])
  expect(await audit.find(requestIdOf('request.refused'))).not.toEqual([])
  const hashed = await server.store.clients.find(client.id)
  expect(secretValues()).toContain(hashed?.secrets[0]?.hash)
  const azn = claimOf((await getCodeFlowTokens(flow)).access_token, 'azn')
  expect(secretValues()).toContain((await server.store.authorizations.find(azn))?.seedHash)
})

test.each(calls)('%s returns nothing secret', (name) => expectNothingSecret(name, results.get(name)))

/** Emitted only when the secrets change, which `flows/key-rotation` covers. */
const ELSEWHERE = 'keys.changed'

test.each(EVENT_NAMES.filter((name) => name !== ELSEWHERE))('%s is emitted, with nothing secret', (event) => {
  const payloads = server.events.filter(({ name }) => name === event)
  expect(payloads).not.toEqual([])
  expectNothingSecret(event, payloads)
})

test('clients, sessions and authorizations have exactly the public fields', async () => {
  const [session] = await sessions.list(user)
  const authorization = (await authorizations.list(user)).find(({ clientId }) => clientId === client.id)
  expect(Object.keys((await clients.find(client.id)) ?? {})).not.toContain('secrets')
  expect(Object.keys(session ?? {}).sort()).toEqual([
    'address',
    'authenticatedAt',
    'createdAt',
    'deviceName',
    'expiresAt',
    'id',
    'lastSeenAt',
    'methods',
    'provider',
    'userAgent',
    'userId',
  ])
  expect(Object.keys(authorization ?? {}).sort()).toEqual([
    'clientId',
    'createdAt',
    'expiresAt',
    'id',
    'lastUsedAt',
    'name',
    'provider',
    'resources',
    'scopes',
    'sessionId',
    'userId',
  ])
})
