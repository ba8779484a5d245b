import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { passwordGrant, signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { formBody, getCodeFlowTokens } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import type { TestClient, TestUser } from '../support/server.ts'
import { logIn } from '../support/sign-in-api.ts'

/** A user in a browser, and with a token of the sign-in API. */
interface Actor {
  readonly user: TestUser
  readonly browser: Browser
  readonly bearer: string
  readonly csrf: string
}

/** What an endpoint's ID names: creates one for a user. Wrong kinds of a user's own IDs are tried too. */
type Create = (actor: Actor) => Promise<string>

const setup = await startTwoProviders({
  userApps: {},
  grants: [...commonConfig().grants, passwordGrant(), signIn()],
})
const { server, sides } = setup
afterAll(() => setup[Symbol.asyncDispose]())

const createToken: Create = async ({ user }) =>
  (await server.server.personalTokens.create(user.id, { name: 'Backup' })).token.id

const createDevice: Create = async ({ user }) => (await logIn(server, user)).session_id

const createApp: Create = async ({ user }) => {
  const redirectUris = ['https://tools.example/callback']
  return (await server.addClient({ name: 'Tools', redirectUris, ownerId: user.id })).id
}

/** Connects a third-party app. */
async function connectApp({ user, browser }: Actor): Promise<TestClient> {
  const client = await server.addClient({ isThirdParty: true })
  await getCodeFlowTokens({ server, browser, client, user })
  return client
}

const createAppToken: Create = async (actor) => {
  const { id } = await connectApp(actor)
  const authorizations = await server.server.authorizations.list(actor.user.id)
  return authorizations.find(({ clientId }) => clientId === id)?.id ?? ''
}

/** The endpoints whose path has an ID, by name: how to create one, and the bodies of their methods. */
const ENDPOINTS: Readonly<Record<string, { readonly create: Create; readonly body?: object }>> = {
  'personal token': { create: createToken },
  'user app': { create: createApp, body: { client_name: 'Renamed' } },
  'user app secret': { create: createApp, body: { overlap: 0 } },
  'app token': { create: createAppToken },
  'api device': { create: createDevice },
}

/** The account pages, by name: the forms and links that contain an ID. */
const PAGES: Readonly<Record<string, PageRow | null>> = {
  'devices page': {
    create: createDevice,
    forms: ['sign_out={id}'],
    links: ['sign_out={id}', 'signed_out={id}'],
  },
  'apps page': {
    create: async (actor) => (await connectApp(actor)).id,
    forms: ['disconnect={id}'],
    links: ['disconnect={id}', 'disconnected={id}'],
  },
  'tokens page': { create: createToken, forms: ['revoke={id}'], links: ['revoke={id}', 'revoked={id}'] },
  'developer page': {
    create: createApp,
    forms: [
      'intent=save&version=1&name=Renamed&redirect_uris=https://evil.example/&app={id}',
      'intent=rotate&version=1&overlap=0&app={id}',
      'intent=delete&app={id}',
    ],
    links: ['app={id}', 'rotate={id}', 'delete={id}', 'deleted={id}'],
  },
  'password page': null,
}

interface PageRow {
  readonly create: Create
  readonly forms: readonly string[]
  readonly links: readonly string[]
}

const INVALID: Readonly<Record<string, string>> = {
  'an unknown ID': 'x'.repeat(22),
  'an inherited name': '__proto__',
  SQL: "' or '1'='1",
  'a wildcard': '%25',
  'an encoded slash': '..%2f..%2ftoken',
  'an encoded NUL': 'a%00b',
  'a broken encoding': '%zz',
  'other letters': '%F0%9F%98%80%E2%80%AE',
  '8,000 letters': 'x'.repeat(8_000),
}

/** These are no text, so no form or query can contain them. */
const MALFORMED = new Set(['an encoded NUL', 'a broken encoding'])

async function enter(user: TestUser, provider: 'users' | 'customers' = 'users'): Promise<Actor> {
  const suffix = provider === 'users' ? '' : `/${provider}`
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint(`/login${suffix}`)), user)
  const list = await browser.open(server.endpoint(`/oauth/personal-access-tokens${suffix}`))
  const csrf = server.knownSecrets.add('csrf', list.headers.get('x-csrf-token') ?? '')
  const login = await fetch(server.endpoint(`/auth/login${suffix}`), {
    method: 'POST',
    body: formBody({ username: user.email, password: user.password }),
  })
  const { access_token: bearer, refresh_token: refresh } = (await login.json()) as Record<string, string>
  for (const token of [bearer, refresh, refresh?.split('.')[3]]) server.knownSecrets.add('token', token ?? '')
  return { user, browser, bearer: bearer ?? '', csrf }
}

/** The log of refusals, and what the server's own jobs change each minute. */
const UNRELATED = new Set<unknown>(['consulate_audit', 'consulate_leases', 'sqlite_sequence'])

/** Returns the rows of all tables, without unrelated ones and what each visit changes. */
function readTables(): string {
  const database = new DatabaseSync(server.file, { readOnly: true })
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
  const rows = tables
    .filter(({ name }) => !UNRELATED.has(name))
    .map(({ name }) => database.prepare(`select * from "${String(name)}"`).all())
  database.close()
  return JSON.stringify(rows, (name, value: unknown) =>
    /^(last_(seen|used)|expires)_at$/.test(name) ? null : value,
  )
}

/** Sends a request and returns the status and text of the answer. Checks that it changes nothing. */
async function send(actor: Actor, path: string, init: RequestInit = {}) {
  const [before, since] = [readTables(), server.events.length]
  const headers = new Headers(init.headers)
  headers.set('cookie', [...actor.browser.cookies].map((pair) => pair.join('=')).join('; '))
  const url = server.endpoint(path)
  const response = await fetch(url, { ...init, headers, redirect: 'manual' })
  const text = (await response.text()).replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, '{request}')
  const changes = server.events.slice(since).filter(({ name }) => name !== 'request.refused')
  expect([changes, readTables()]).toEqual([[], before])
  return { status: response.status, location: response.headers.get('location'), text }
}

let attacker: Actor
let victim: Actor
let customer: Actor

beforeAll(async () => {
  victim = await enter(sides.users.user)
  attacker = await enter(await server.addUser())
  customer = await enter(sides.customers.user, 'customers')
})

/** Returns the IDs to try: the victim's, those of the attacker's own other things, and invalid ones. */
async function idsFor(create: Create): Promise<Readonly<Record<string, string>>> {
  const client = await server.addClient()
  await getCodeFlowTokens({ server, browser: attacker.browser, client, user: attacker.user })
  const authorizations = await server.server.authorizations.list(attacker.user.id)
  const authorization = authorizations.find(({ clientId }) => clientId === client.id)
  return {
    "another user's ID": await create(victim),
    'the ID of an authorization': authorization?.id ?? '',
    'the ID of a user': victim.user.id,
    ...INVALID,
  }
}

const routes = server.server.routes.filter(({ name }) => !name.endsWith(' (customers)'))
const withId = routes.filter(({ path }) => path.includes('{id}'))
const accountPages = routes.filter(
  ({ path, methods }) => path.startsWith('/account/') && methods.includes('POST'),
)

test('every endpoint with an ID, and every account page, has a row here', () => {
  const paths = readFileSync('docs/reference/endpoints.md', 'utf8').match(/(?<=`)\/[^`]*\{id\}[^`]*/g) ?? []
  const documented = new Set(paths.filter((path) => !path.includes('/customers')))
  expect(new Set(withId.map(({ path }) => path))).toEqual(documented)
  expect(withId.map(({ name }) => name).sort()).toEqual(Object.keys(ENDPOINTS).sort())
  expect(accountPages.map(({ name }) => name).sort()).toEqual(Object.keys(PAGES).sort())
})

describe.each(
  withId.flatMap(({ name, path, methods }) => methods.map((method) => [method, path, name] as const)),
)('%s %s', (method, path, name) => {
  const { create, body } = ENDPOINTS[name] ?? { create: createToken }

  const request = (actor: Actor, id: string) =>
    send(actor, path.replace('{id}', id), {
      method,
      headers: {
        authorization: `Bearer ${actor.bearer}`,
        'x-csrf-token': actor.csrf,
        'content-type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    })

  test('answers 404 for every ID that is not of the user, and changes nothing', async () => {
    const answers = []
    for (const [what, id] of Object.entries(await idsFor(create)))
      answers.push([what, await request(attacker, id)] as const)
    const [, unknown] = answers.find(([what]) => what === 'an unknown ID') ?? answers[0] ?? []
    expect(unknown?.status).toBe(404)
    expect(unknown?.text).toContain('not_found')
    for (const [what, answer] of answers) expect([what, answer]).toEqual([what, unknown])
  })

  test('answers a user of another provider with the same ID in the same way', async () => {
    const id = await create(victim)
    const isPerProvider = server.server.routes.some((route) => route.name === `${name} (customers)`)
    const theirs = isPerProvider ? path.replace('/{id}', '/customers/{id}') : path
    const answer = await send(customer, theirs.replace('{id}', id), {
      method,
      headers: {
        authorization: `Bearer ${customer.bearer}`,
        'x-csrf-token': customer.csrf,
        'content-type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    expect(answer.status).toBe(404)
  })
})

const pagesWithId = accountPages.flatMap(({ name, path }) => {
  const row = PAGES[name]
  return row ? [[path, row] as const] : []
})

describe.each(pagesWithId)('%s', (path, { create, forms, links }) => {
  /** Sends one of the rows for each ID, in a POST with the CSRF token or in a link. */
  const sendAll = async (row: string, isForm: boolean) => {
    const answers = []
    for (const [what, id] of Object.entries(await idsFor(create))) {
      const text = row.replace('{id}', id)
      const body = `${formBody({ csrf: attacker.csrf }).toString()}&${text}`
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const answer = isForm
        ? await send(attacker, path, { method: 'POST', body, headers })
        : await send(attacker, `${path}?${text}`)
      answers.push([what, { ...answer, location: answer.location?.split('?')[0] }] as const)
    }
    return answers
  }

  test.each(forms)('a form with %s gets 404 for an ID that is not of the user', async (row) => {
    for (const [what, { status }] of await sendAll(row, true))
      expect([what, status]).toEqual([what, MALFORMED.has(what) ? 400 : 404])
  })

  test.each(links)('a link with %s shows nothing of an ID that is not of the user', async (row) => {
    for (const [what, { status, location, text }] of await sendAll(row, false)) {
      if (MALFORMED.has(what)) expect([what, status]).toEqual([what, 400])
      else if (location === undefined) expect([what, text.includes('role="status"')]).toEqual([what, false])
      else expect([what, location]).toEqual([what, path])
    }
  })
})
