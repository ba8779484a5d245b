import { describe, expect, test } from 'vitest'
import {
  authorizationCode,
  ConfigError,
  createAuthorizationServer,
  deviceCode,
  passwordGrant,
  refreshToken,
  signIn,
  silentLogger,
} from 'consulate'
import { createGuard } from 'consulate/guard'
import { sqlite } from 'consulate/sqlite'
import { configProblems, problemsOf, REQUIRED } from '../support/config.ts'

const guardProblems = (changes: object): readonly string[] =>
  problemsOf(() => createGuard({ issuer: REQUIRED.issuer, revocations: 'none', ...changes })).map(
    ({ path, message }) => `${path}: ${message}`,
  )

const start = () =>
  createAuthorizationServer({ ...REQUIRED, store: sqlite(':memory:'), logger: silentLogger })

describe('an unknown option is an error, which suggests the closest option', () => {
  test.each([
    [{ pkse: 'always' }, 'pkse: unknown option. Did you mean pkce?'],
    [{ TrustedProxys: [] }, 'TrustedProxys: unknown option. Did you mean trustedProxies?'],
    [
      { revocations: { polInterval: '1s' } },
      'revocations.polInterval: unknown option. Did you mean pollInterval?',
    ],
    [
      { throttle: { perAddress: { failures: 5, window: '1m', windw: '1m' } } },
      'throttle.perAddress.windw: unknown option. Did you mean window?',
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
    [{ purge: { evry: '1h' } }, 'purge.evry: unknown option. Did you mean every?'],
    [
      { personalTokens: { maxLifetime: '1y' } },
      'personalTokens.maxLifetime: unknown option. Use one of: lifetime, maximumLifetime',
    ],
    [{ keepSignedIn: { chekced: true } }, 'keepSignedIn.chekced: unknown option. Did you mean checked?'],
    [
      { grants: [authorizationCode(), refreshToken({ lifetme: '1d' } as object)] },
      'grants[1].lifetme: unknown option. Did you mean lifetime?',
    ],
    [
      { grants: [signIn({ origin: 'https://app.example' } as object)] },
      'grants[0].origin: unknown option. Did you mean origins?',
    ],
    [
      { grants: [deviceCode({ intervall: '5s' } as object)] },
      'grants[0].intervall: unknown option. Did you mean interval?',
    ],
    [
      { grants: [passwordGrant({ verifyPasword: () => true } as object)] },
      'grants[0].verifyPasword: unknown option. Did you mean verifyPassword?',
    ],
  ])('%j', (changes, problem) => {
    expect(configProblems(changes)).toEqual([problem])
  })

  test.each([
    [{ cachSize: 1 }, 'cachSize: unknown option. Did you mean cacheSize?'],
    [
      { revocations: { clientId: 'orders', clientSecret: 'secret', maxStalenes: '5s' } },
      'revocations.maxStalenes: unknown option. Did you mean maxStaleness?',
    ],
  ])('in createGuard: %j', (changes, problem) => {
    expect(guardProblems(changes)).toEqual([problem])
  })

  test('of a client: it is neither registered nor updated', async () => {
    const server = start()
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
})

test.each([
  [{ returnOrigins: 'https://app.example' }, 'returnOrigins: must be an array'],
  [{ trustedProxies: '10.0.0.1' }, 'trustedProxies: must be an array'],
  [{ defaultScopes: 'orders:read' }, 'defaultScopes: must be an array'],
  [{ logger: 'debug' }, 'logger: must be an object'],
  [{ clock: Date.now }, 'clock: must be an object'],
  [{ personalTokens: null }, 'personalTokens: must not be null. Omit it for the default'],
  [{ audience: null }, 'audience: must not be null. Omit it for the default'],
  [{ pkce: 'never' }, "pkce: must be 'public' or 'always'"],
  [{ purge: 'never' }, 'purge: must be an object with these options: every'],
  [
    { revocations: '1s' },
    'revocations: must be an object with these options: pollInterval, maxStaleness, strict',
  ],
  [
    { secrets: './data/secrets' },
    "secrets: is not a source of secrets. Write secretsFromDirectory('./data/secrets')",
  ],
  [{ secrets: undefined }, "secrets: is missing. Write secretsFromDirectory('./data/secrets')"],
  [{ store: './consulate.db' }, "store: is not a store. Write sqlite('./data/consulate.db')"],
  [{ grants: [authorizationCode] }, 'grants[0].type: is missing. Call the function: authorizationCode()'],
  [{ grants: [null] }, 'grants[0]: must be a grant, such as authorizationCode()'],
  [{ grants: [false] }, 'grants[0]: must be a grant, such as authorizationCode()'],
  [
    { scopes: ['orders:read'] },
    "scopes: must be an object with a sentence for each scope: { 'orders:read': 'See your orders' }",
  ],
])('a value of the wrong type is an error that says what to write: %j', (changes, problem) => {
  expect(configProblems(changes)).toEqual([problem])
})

test('a guard without an issuer reports the issuer, and not its audience, which defaults to it', () => {
  expect(guardProblems({ issuer: undefined }).map((line) => line.split(':')[0])).toEqual(['issuer'])
})

test('a listener for an unknown event is an error that lists the events', async () => {
  const server = start()
  const [problem] = problemsOf(() => server.on('replay.detectd' as 'replay.detected', () => {}))
  expect(problem?.message).toMatch(
    /^unknown event "replay\.detectd"\. Use one of: token\.issued, .*replay\.detected/,
  )
  await server.close()
})
