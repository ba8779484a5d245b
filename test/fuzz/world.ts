import { DatabaseSync } from 'node:sqlite'
import {
  builtInUsers,
  type Grant,
  implicitGrant,
  OAuthError,
  passwordGrant,
  permit,
  refuse,
  type UserProviderFactory,
} from '../../src/index.ts'
import type { BuiltInUser } from '../../src/users/built-in.ts'
import { commonConfig } from '../support/config.ts'
import { addDeviceClient } from '../support/device.ts'
import { createUserTable } from '../support/user-table.ts'
import { findLeaks } from '../support/known-secrets.ts'
import {
  type RecordedEvent,
  type TestUser,
  startServer,
  type TestClient,
  type TestServer,
} from '../support/server.ts'

/** A server to be tried, and who is registered there. */
export interface World {
  readonly server: TestServer
  readonly user: TestUser
  /** Of the other provider, `customers`. */
  readonly customer: TestUser
  /** Confidential, with two redirect URIs. */
  readonly web: TestClient
  /** Public, in browsers. */
  readonly spa: TestClient
  /** Public, with loopback and an own scheme: people are always asked. */
  readonly native: TestClient
  readonly machine: TestClient
  /** Public, without a browser. */
  readonly tv: TestClient
  /** Public, in browsers, for tokens in a fragment. */
  readonly old: TestClient
  /** Confidential, for the grants without a browser. */
  readonly phone: TestClient
  /** The same, for customers. */
  readonly shop: TestClient
  readonly follower: TestClient
  /** Every redirect URI that is registered. */
  readonly redirectUris: readonly string[]
  readonly clients: readonly TestClient[]
  /** How many rows there are. */
  count(): Readonly<Record<Counted, number>>
  /** Forgets what was heard so far. Gives the secrets that were in it, which must be none. */
  forget(): readonly string[]
}

const COUNTED = ['clients', 'users', 'sessions', 'authorizations'] as const

/** A table whose rows give somebody something. */
export type Counted = (typeof COUNTED)[number]

const NO_LIMIT = { failures: 1_000_000_000, window: '1m' } as const
const REDIRECTS = {
  web: ['https://app.example/callback', 'https://app.example/other?x=1'],
  spa: ['https://spa.example/callback'],
  native: ['http://127.0.0.1/callback', 'com.example.app:/callback'],
  old: ['https://old.example/callback'],
}

/** A grant of one's own: whoever has a badge is the user of that id. */
export const CUSTOM_GRANT_TYPE = 'https://example.com/grants/badge'

/** What stands before the id on a badge. */
export const BADGE = 'badge-of-'

const customGrant: Grant = {
  type: CUSTOM_GRANT_TYPE,
  async decide({ client, form, address, userAgent }, { attempt, userDirectory }) {
    const badge = form.get('badge') ?? ''
    const check = async () => {
      if (!badge.startsWith(BADGE)) return undefined
      return userDirectory.load({ provider: client.provider, userId: badge.slice(BADGE.length) }, client.id)
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

/** Starts a server without limits for failures, behind a proxy that it trusts. */
export async function createWorld(): Promise<World> {
  const passwords = new Map<string, string>()
  const customer = { id: '7:1', email: 'user-1@example.com', password: 'correct horse of a customer' }
  const server = await startServer({
    users: quickUsers(passwords),
    providers: { customers: createUserTable([customer]).provider },
    grants: [...commonConfig().grants, implicitGrant(), passwordGrant(), customGrant],
    throttle: { perAddress: NO_LIMIT, perAccount: NO_LIMIT },
    trustedProxies: ['10.0.0.0/8', 'fd00::/8'],
    resources: ['https://api.example/orders'],
    defaultScopes: ['profile'],
  })
  const user = await server.addUser()
  passwords.set(user.id, user.password)
  const named = {
    web: await server.addClient({ name: 'Web & <b>Co</b>', redirectUris: REDIRECTS.web }),
    spa: await server.addClient({ type: 'public', redirectUris: REDIRECTS.spa }),
    native: await server.addClient({ type: 'public', redirectUris: REDIRECTS.native }),
    machine: await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] }),
    tv: await addDeviceClient(server),
    old: await server.addClient({ type: 'public', grantTypes: ['implicit'], redirectUris: REDIRECTS.old }),
    phone: await server.addClient({ grantTypes: WITHOUT_BROWSER }),
    shop: await server.addClient({ grantTypes: WITHOUT_BROWSER, provider: 'customers' }),
    follower: await server.addClient({ redirectUris: [], followsRevocations: true, grantTypes: [] }),
  }
  return {
    ...named,
    server,
    user,
    customer,
    clients: Object.values(named),
    redirectUris: Object.values(REDIRECTS).flat(),
    count: () => countRows(server.file),
    forget: () => forget(server),
  }
}

/**
 * The people of the store, with a check of passwords that costs nothing: else Argon2 would be all that the run is busy
 * with.
 */
const quickUsers =
  (passwords: ReadonlyMap<string, string>): UserProviderFactory<BuiltInUser> =>
  (context) => ({
    ...builtInUsers()(context),
    verifyPassword: async (user, password) => user !== undefined && passwords.get(user.id) === password,
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

/** What quotes a name on purpose: who sends a secret as the name of a scope finds it in the log. */
const QUOTES = /(?:redirect URI|scope|content type|client) \\*"|may not request scope/

/** What the harness remembers of a test would be all that grows in a run of a hundred thousand requests. */
function forget({ knownSecrets, logs, events }: TestServer): readonly string[] {
  const leaks = findLeaks(knownSecrets, {
    logs: logs.filter((line) => !QUOTES.test(line)),
    events: events.filter(({ payload }) => !QUOTES.test(String(payload['detail']))),
    file: '',
  })
  ;(logs as string[]).length = 0
  ;(events as RecordedEvent[]).length = 0
  ;(knownSecrets.entries as Map<string, string>).clear()
  return leaks
}
