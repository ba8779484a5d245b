import { DatabaseSync } from 'node:sqlite'
import {
  builtInUsers,
  type Grant,
  implicitGrant,
  OAuthError,
  passwordGrant,
  permit,
  refuse,
  signIn,
  type UserProviderFactory,
} from '../../src/index.ts'
import type { Broadcast } from '../../src/broadcast/broadcast.ts'
import { passwordProblem } from '../../src/users/built-in.ts'
import type { BuiltInUser } from '../../src/users/built-in.ts'
import { commonConfig } from '../support/config.ts'
import { addDeviceClient } from '../support/device.ts'
import { createUserTable } from '../support/user-table.ts'
import { findLeaks } from '../support/known-secrets.ts'
import { LOCALIZED_SCOPES } from '../support/scope-languages.ts'
import {
  type RecordedEvent,
  type TestUser,
  startServer,
  type TestClient,
  type TestServer,
} from '../support/server.ts'

/** The server under test, with its users and clients. */
export interface Fixture {
  readonly server: TestServer
  readonly user: TestUser
  /** A user of the second provider, `customers`, with the same user name. */
  readonly customer: TestUser
  /** Confidential, with two redirect URIs. */
  readonly web: TestClient
  /** Public, in browsers. */
  readonly spa: TestClient
  /** Public, with a loopback and a custom-scheme redirect URI. Such clients always require consent. */
  readonly native: TestClient
  readonly machine: TestClient
  /** Public, uses the device grant. */
  readonly tv: TestClient
  /** Public, in browsers, uses the implicit grant. */
  readonly legacy: TestClient
  /** Confidential, uses the password grant and the custom grant. */
  readonly phone: TestClient
  /** Like `phone`, for customers. */
  readonly shop: TestClient
  readonly follower: TestClient
  /** Introspects tokens. */
  readonly api: TestClient
  /** All registered redirect URIs. */
  readonly redirectUris: readonly string[]
  readonly clients: readonly TestClient[]
  countRows(): Readonly<Record<Counted, number>>
  /** Clears the recorded logs, events and secrets. Returns the secrets that leaked into logs or events. */
  clearRecords(): readonly string[]
}

const COUNTED = ['clients', 'users', 'sessions', 'authorizations'] as const

/** The tables in which an attack could create rows. */
export type Counted = (typeof COUNTED)[number]

const NO_LIMIT = { failures: 1_000_000_000, window: '1m' } as const

/** There are no other nodes. Without a broadcast, each failure would ask the store for their failures, and wait for 20 ms. */
const ONE_NODE: Broadcast = {
  open: () => ({ publish: () => {}, subscribe: () => {}, problem: undefined, close: async () => {} }),
}

const REDIRECTS = {
  web: ['https://app.example/callback', 'https://app.example/other?x=1'],
  spa: ['https://spa.example/callback'],
  native: ['http://127.0.0.1/callback', 'com.example.app:/callback'],
  legacy: ['https://legacy.example/callback'],
}

/** The web app that uses the sign-in API. */
export const SHOP_ORIGIN = 'https://shop.example'

/** A custom grant that signs in the user whose ID is on the badge. */
export const CUSTOM_GRANT_TYPE = 'https://example.com/grants/badge'

export const BADGE_PREFIX = 'badge-of-'

const customGrant: Grant = {
  type: CUSTOM_GRANT_TYPE,
  async decide({ client, form, address, userAgent }, { attempt, userDirectory }) {
    const badge = form.get('badge') ?? ''
    const check = async () => {
      if (!badge.startsWith(BADGE_PREFIX)) return undefined
      return userDirectory.load(
        { provider: client.provider, userId: badge.slice(BADGE_PREFIX.length) },
        client.id,
      )
    }
    const user = await attempt({ address, account: `badge:${badge}` }, check)
    if (!user) return refuse(new OAuthError('invalid_grant', 'The badge is invalid'))
    const scopes = form.get('scope')?.split(' ') ?? []
    return permit({
      client,
      user,
      scopes,
      resources: form.getAll('resource'),
      device: { userAgent, address },
    })
  },
}

const WITHOUT_BROWSER = ['password', CUSTOM_GRANT_TYPE, 'refresh_token']

/** Starts the server with unlimited failed attempts, behind trusted proxies. */
export async function createFixture(): Promise<Fixture> {
  const passwords = new Map<string, string>()
  const customers = createUserTable()
  const server = await startServer({
    users: usersWithFastPasswords(passwords),
    providers: { customers: customers.provider },
    grants: [
      ...commonConfig().grants,
      implicitGrant(),
      passwordGrant(),
      signIn({ origins: [SHOP_ORIGIN] }),
      customGrant,
    ],
    scopes: LOCALIZED_SCOPES,
    scopeInheritance: true,
    partialConsent: true,
    userApps: { limit: 100 },
    apiCookie: { origins: [] },
    throttle: { perAddress: NO_LIMIT, perAccount: NO_LIMIT },
    broadcast: ONE_NODE,
    passwordReset: { send: () => undefined },
    trustedProxies: ['10.0.0.0/8', 'fd00::/8'],
    returnOrigins: [SHOP_ORIGIN],
    resources: ['https://api.example/orders'],
    defaultScopes: ['profile'],
  })
  const user = await server.addUser()
  passwords.set(user.id, user.password)
  const customer = { id: '7:1', email: user.email, password: 'correct horse of a customer' }
  customers.users.set(customer.id, customer)
  const named = {
    web: await server.addClient({ name: 'Web & <b>Co</b>', redirectUris: REDIRECTS.web }),
    spa: await server.addClient({ type: 'public', redirectUris: REDIRECTS.spa }),
    native: await server.addClient({ type: 'public', redirectUris: REDIRECTS.native }),
    machine: await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] }),
    tv: await addDeviceClient(server),
    legacy: await server.addClient({
      type: 'public',
      grantTypes: ['implicit'],
      redirectUris: REDIRECTS.legacy,
    }),
    phone: await server.addClient({ grantTypes: WITHOUT_BROWSER }),
    shop: await server.addClient({ grantTypes: WITHOUT_BROWSER, provider: 'customers' }),
    follower: await server.addClient({ redirectUris: [], followsRevocations: true, grantTypes: [] }),
    api: await server.addClient({ redirectUris: [], introspects: true, grantTypes: [] }),
  }
  return {
    ...named,
    server,
    user,
    customer,
    clients: Object.values(named),
    redirectUris: Object.values(REDIRECTS).flat(),
    countRows: () => countRows(server.file),
    clearRecords: () => clearRecords(server),
  }
}

/** Built-in users whose passwords are compared without Argon2, which would take most of the time of a run. */
const usersWithFastPasswords =
  (passwords: ReadonlyMap<string, string>): UserProviderFactory<BuiltInUser> =>
  (context) => ({
    ...builtInUsers()(context),
    verifyPassword: async (user, password) => user !== undefined && passwords.get(user.id) === password,
    // Changes nothing, so that later requests can sign in again.
    async setPassword(_id, password) {
      const problem = passwordProblem(password)
      if (problem !== undefined) throw new OAuthError('invalid_request', `The password ${problem}`)
    },
  })

function countRows(file: string): Record<Counted, number> {
  const database = new DatabaseSync(file, { readOnly: true })
  const countOf = (name: Counted): readonly [Counted, number] => [
    name,
    Number(database.prepare(`select count(*) as rows from consulate_${name}`).get()?.['rows']),
  ]
  try {
    return Object.fromEntries(COUNTED.map(countOf)) as Record<Counted, number>
  } finally {
    database.close()
  }
}

/** Log lines that quote input on purpose. They contain a secret if the client sent it as a scope, for example. */
const QUOTED_INPUT = /(?:redirect URI|scope|content type|client) \\*"|may not request scope/

/** Clears what the harness records, so that memory measurements show only the server. */
function clearRecords({ knownSecrets, logs, events }: TestServer): readonly string[] {
  const leaks = findLeaks(knownSecrets, {
    logs: logs.filter((line) => !QUOTED_INPUT.test(line)),
    events: events.filter(({ payload }) => !QUOTED_INPUT.test(String(payload['detail']))),
    file: '',
  })
  ;(logs as string[]).length = 0
  ;(events as RecordedEvent[]).length = 0
  ;(knownSecrets.entries as Map<string, string>).clear()
  return leaks
}
