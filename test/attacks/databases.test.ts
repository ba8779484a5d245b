import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { commonConfig } from '../support/config.ts'
import { DATABASES, type OpenDatabase } from '../support/databases.ts'
import { addDeviceClient } from '../support/device.ts'
import { isInSample } from '../support/dose.ts'
import { basic, fetchJson, postAs, refresh, requestToken } from '../support/oauth-client.ts'
import { signInToTokenApi, type TokenApi } from '../support/personal-tokens.ts'
import { startServer, type TestClient, type TestServer, type TestUser } from '../support/server.ts'
import { postLogin, postRefresh } from '../support/sign-in-api.ts'
import { signInToAppApi, type AppApi } from '../support/user-apps.ts'

/*
 * Databases differ in what text they accept, how they compare it and where they cut it off. Callers must not notice: each
 * request goes to a server on each database, and all must give the same answer.
 */

interface Node {
  readonly database: OpenDatabase
  readonly server: TestServer
  readonly user: TestUser
  readonly client: TestClient
  readonly machine: TestClient
  readonly device: TestClient
  readonly tokens: TokenApi
  readonly apps: AppApi
}

/** An answer of the throttle would hide that of the database. */
const MANY = { failures: 1_000_000, window: '1m' } as const
const UNLIMITED = { perAddress: MANY, perAccount: MANY }

let nodes: readonly Node[] = []

beforeAll(async () => {
  nodes = await Promise.all(DATABASES.filter(({ isAvailable }) => isAvailable).map(({ open }) => start(open)))
})
afterAll(async () => {
  for (const { server, database } of nodes) {
    await server.close()
    await database.drop()
  }
})

async function start(open: () => Promise<OpenDatabase>): Promise<Node> {
  const database = await open()
  const grants = [...commonConfig().grants, signIn()]
  const server = await startServer({
    store: database.store,
    grants,
    throttle: UNLIMITED,
    userApps: { limit: 1_000 },
    purge: 'manual',
  })
  const user = await server.addUser()
  return {
    database,
    server,
    user,
    client: await server.addClient({ type: 'public' }),
    machine: await server.addClient({ grantTypes: ['client_credentials'] }),
    device: await addDeviceClient(server),
    tokens: await signInToTokenApi(server, user),
    apps: await signInToAppApi(server, user),
  }
}

const TEXTS: Readonly<Record<string, string>> = {
  'a space before it': ' a',
  'a space after it': 'a ',
  'an accent': 'á',
  'the same accent of its own': 'a\u0301',
  'a dotless i': 'ı',
  'an emoji': '\u{1F600}',
  'U+0000': 'a\0b',
  'half of a surrogate pair': 'a\ud800',
  'U+FFFD': '\ufffd',
  quotes: `'"\`\\' or 1=1 -- `,
  placeholders: '%_?$1:a{}',
  'a large number': '9007199254740993',
  '255 letters': 'a'.repeat(255),
  '256 letters': 'a'.repeat(256),
  '255 emoji': '\u{1F600}'.repeat(255),
  '1501 letters': 'a'.repeat(1501),
  '70,000 letters': 'a'.repeat(70_000),
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** Requests with a text in every place where one can be. */
const REQUESTS: Readonly<Record<string, (node: Node, text: string) => Promise<Answer>>> = {
  'client ID': ({ server }, text) =>
    postAs(server, { id: text, secret: undefined, redirectUri: '' }, '/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token: text,
    }),
  'client credentials': ({ server }, text) =>
    fetchJson(server, '/oauth/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      headers: { authorization: basic(text.toWellFormed(), text.toWellFormed()) },
    }),
  scope: ({ server, machine }, text) =>
    requestToken(server, machine, { grant_type: 'client_credentials', scope: text }),
  resource: ({ server, machine }, text) =>
    requestToken(server, machine, {
      grant_type: 'client_credentials',
      resource: `https://api.example/${text}`,
    }),
  code: ({ server, client }, text) =>
    requestToken(server, client, { grant_type: 'authorization_code', code: text, redirect_uri: text }),
  'refresh token': (node, text) => refresh(node, text),
  'device code': ({ server, device }, text) =>
    requestToken(server, device, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: text,
    }),
  'device scope': ({ server, device }, text) => postAs(server, device, '/oauth/device/code', { scope: text }),
  'revoked token': ({ server, client }, text) => postAs(server, client, '/oauth/revoke', { token: text }),
  'introspected token': ({ server, machine }, text) =>
    postAs(server, machine, '/oauth/introspect', { token: text }),
  'user name': ({ server }, text) => postLogin(server, { email: text, password: text }),
  email: ({ server, user }, text) => postLogin(server, { ...user, email: user.email.toUpperCase() + text }),
  'device name': ({ server, user }, text) => postLogin(server, user, { device_name: text }),
  'refresh token of the sign-in API': ({ server }, text) => postRefresh(server, text),
  'name of a token': ({ tokens }, text) => tokens.create({ name: text, scopes: ['orders:read'] }),
  'name of an app': ({ apps }, text) =>
    apps.create({ client_name: text, redirect_uris: ['https://tools.example/callback'] }),
  'redirect URI of an app': ({ apps }, text) =>
    apps.create({ client_name: 'Tools', redirect_uris: [`https://tools.example/${text}`] }),
  'host of an app': ({ apps }, text) =>
    apps.create({ client_name: 'Tools', redirect_uris: [`https://${text}.example/`] }),
}

/** Random values and times differ. */
const comparable = ({ status, body }: Answer): string =>
  `${status} ${JSON.stringify(body)}`
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/"(\w*token|\w*id|\w*code|\w*secret)":"[^"]+"/g, '"$1":"…"')
    .replaceAll(/user_code=[\w-]+/g, 'user_code=…')
    .replaceAll(/\b\d{10}\b/g, 'TIME')

/** `npm test` sends each request with a third of the texts. */
const PARTS = 3

const CASES = Object.entries(REQUESTS).map(([name, request], row) => {
  const texts = Object.entries(TEXTS).filter((_, index) => isInSample(index, row % PARTS, PARTS))
  return [name, request, texts] as const
})

test.each(CASES)('%s: every database gives the same answer', async (_, request, texts) => {
  for (const [what, text] of texts) {
    const answers = await Promise.all(nodes.map(async (node) => comparable(await request(node, text))))
    expect(new Set(answers).size, `${what}: ${answers.join('\n')}`).toBe(1)
    expect(answers[0], what).toMatch(/^(?!429)[24]/)
  }
})
