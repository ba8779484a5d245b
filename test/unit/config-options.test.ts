import { generateKeyPairSync, randomBytes } from 'node:crypto'
import {
  authorizationCode,
  builtInUsers,
  ConfigError,
  createAuthorizationServer,
  deviceCode,
  passwordGrant,
  refreshToken,
  silentLogger,
  type Config,
} from 'consulate'
import { createGuard } from 'consulate/guard'
import { sqlite } from 'consulate/sqlite'
import { describe, expect, test } from 'vitest'

const NEEDED = {
  issuer: 'https://id.example.com',
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
}

/** What is said of a mistake, line by line. */
function said(make: () => unknown): readonly string[] {
  try {
    make()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
}

const saidOfServer = (more: object): readonly string[] =>
  said(() => createAuthorizationServer({ ...NEEDED, ...more }))

const saidOfGuard = (more: object): readonly string[] =>
  said(() => createGuard({ issuer: NEEDED.issuer, revocations: 'none', ...more }))

const credentials = { clientId: 'orders', clientSecret: 'secret' }

describe('an option that there is not is told, and so is the one that was probably meant', () => {
  test.each([
    [{ pkse: 'always' }, 'pkse: unknown option. Did you mean pkce?'],
    [{ TrustedProxys: [] }, 'TrustedProxys: unknown option. Did you mean trustedProxies?'],
    [
      { revocations: { polInterval: '1s' } },
      'revocations.polInterval: unknown option. Did you mean pollInterval?',
    ],
    [{ throttle: { perAdress: {} } }, 'throttle.perAdress: unknown option. Did you mean perAddress?'],
    [
      { throttle: { perAccount: { failures: 5, window: '1m', block: '1h' } } },
      'throttle.perAccount.block: unknown option. Use one of: failures, window',
    ],
    [{ pages: { nam: 'Orchard' } }, 'pages.nam: unknown option. Did you mean name?'],
    [
      { pages: { views: { login: () => '' } } },
      expect.stringContaining('pages.views.login: unknown option. Use one of: signIn'),
    ],
    [{ audit: { kep: '1d' } }, 'audit.kep: unknown option. Did you mean keep?'],
    [{ keepSignedIn: { lifetme: '7d' } }, 'keepSignedIn.lifetme: unknown option. Did you mean lifetime?'],
    [{ purge: { evry: '1h' } }, 'purge.evry: unknown option. Did you mean every?'],
    [
      { personalTokens: { maxLifetime: '1y' } },
      'personalTokens.maxLifetime: unknown option. Use one of: lifetime, maximumLifetime',
    ],
    [
      { grants: [authorizationCode(), refreshToken({ lifetme: '1d' } as object)] },
      'grants[1].lifetme: unknown option. Did you mean lifetime?',
    ],
    [
      { grants: [deviceCode({ intervall: '5s' } as object)] },
      'grants[0].intervall: unknown option. Did you mean interval?',
    ],
    [
      { grants: [passwordGrant({ verifyPasword: () => true } as object)] },
      'grants[0].verifyPasword: unknown option. Did you mean verifyPassword?',
    ],
  ])('%j', (mistake, told) => {
    expect(saidOfServer(mistake)).toEqual([told])
  })

  test.each([
    [{ cachSize: 1 }, 'cachSize: unknown option. Did you mean cacheSize?'],
    [
      { revocations: { ...credentials, maxStalenes: '5s' } },
      'revocations.maxStalenes: unknown option. Did you mean maxStaleness?',
    ],
  ])('at a guard elsewhere: %j', (mistake, told) => {
    expect(saidOfGuard(mistake)).toEqual([told])
  })
})

test('a client is neither registered nor changed by what is no option of it', async () => {
  const server = createAuthorizationServer({ ...NEEDED, store: sqlite(':memory:'), logger: silentLogger })
  const redirectUris = ['https://orchard.example/callback']
  const registration = {
    name: 'Orchard',
    redirectUris,
    requiresPKCE: true,
    redirectUri: 'https://orchard.example',
  }
  await expect(server.clients.create(registration)).rejects.toThrow(
    'requiresPKCE: unknown option. Did you mean requiresPkce?\n  redirectUri: unknown option. Did you mean redirectUris?',
  )
  expect(await server.clients.list()).toEqual([])

  const { client } = await server.clients.create({ name: 'Orchard', redirectUris })
  const changes = { name: 'Apples', ownerId: '7', epoch: 9 }
  await expect(server.clients.update(client.id, changes)).rejects.toThrow(ConfigError)
  expect(await server.clients.find(client.id)).toEqual(client)
  await server.close()
})

test.each([
  [{ trustedProxies: '10.0.0.1' }, 'trustedProxies: must be a list'],
  [{ defaultScopes: 'orders:read' }, 'defaultScopes: must be a list'],
  [{ logger: 'debug' }, 'logger: must be an object'],
  [{ clock: Date.now }, 'clock: must be an object'],
  [{ personalTokens: null }, 'personalTokens: must not be null: leave it out'],
  [{ audience: null }, 'audience: must not be null: leave it out'],
  [{ purge: 'never' }, 'purge: must be an object with the options every'],
  [{ revocations: '1s' }, 'revocations: must be an object with the options pollInterval, maxStaleness'],
  [{ secrets: './data/secrets' }, "secrets: are none: write secretsFromDirectory('./secrets')"],
  [{ store: './consulate.db' }, "store: is no store: write sqlite('data.db')"],
  [{ grants: [authorizationCode] }, 'grants[0].type: is missing: call it, as in authorizationCode()'],
  [{ grants: [null] }, 'grants[0]: is no grant: leave it out'],
  [{ grants: [false] }, 'grants[0]: is no grant: leave it out'],
  [
    { scopes: ['orders:read'] },
    "scopes: must be an object with a sentence for each: { 'orders:read': 'See your orders' }",
  ],
])('what is of another sort than it must be is told: %j', (mistake, told) => {
  expect(saidOfServer(mistake)).toEqual([told])
})

test('people that were not called into being are told at the start', async () => {
  const users = builtInUsers as unknown as ReturnType<typeof builtInUsers>
  const server = createAuthorizationServer({
    ...NEEDED,
    users,
    store: sqlite(':memory:'),
    logger: silentLogger,
  })
  await expect(server.ready()).rejects.toThrow('users: gives no people: call it, as in builtInUsers()')
  await server.close()
})

test('of no configuration at all it is told what is missing', () => {
  const make = createAuthorizationServer as (config?: Config) => unknown
  expect(said(() => make())).toHaveLength(5)
})

test('a guard without an issuer is not told that its audience is missing, which follows from it', () => {
  expect(saidOfGuard({ issuer: undefined }).map((line) => line.split(':')[0])).toEqual(['issuer'])
})

test('nobody listens for an event that there is not', async () => {
  const server = createAuthorizationServer({ ...NEEDED, store: sqlite(':memory:'), logger: silentLogger })
  expect(said(() => server.on('replay.detectd' as 'replay.detected', () => {}))).toEqual([
    expect.stringMatching(
      /^on: unknown event "replay\.detectd"\. Use one of: token\.issued, .*replay\.detected/,
    ),
  ])
  await server.close()
})
