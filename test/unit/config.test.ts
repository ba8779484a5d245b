import { expect, test } from 'vitest'
import {
  authorizationCode,
  builtInUsers,
  clientCredentials,
  ConfigError,
  createAuthorizationServer,
  deviceCode,
  refreshToken,
} from '../../src/index.ts'
import type { Config } from '../../src/index.ts'
import { resolveSettings } from '../../src/config/settings.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { testSecrets } from '../support/secrets.ts'

/** What nobody may leave out. */
const NEEDED = {
  issuer: 'https://id.example.com',
  secrets: testSecrets,
  store: sqlite(':memory:'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
}

/** The paths of what is wrong. Not everybody's compiler looks, and many values come from the environment. */
function pathsOf(config: object): readonly string[] {
  try {
    createAuthorizationServer(config as Config)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path }) => path)
    throw error
  }
}

test('what nobody may leave out is all there is to say', () => {
  expect(pathsOf(NEEDED)).toEqual([])
})

test('what is left out is what the reference says', () => {
  const grants = [authorizationCode(), refreshToken(), deviceCode()]
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]
  expect(resolveSettings({ ...NEEDED, grants, personalTokens: {} })).toMatchObject({
    audience: NEEDED.issuer,
    resources: [NEEDED.issuer],
    scopes: { defaults: [] },
    accessTokenLifetime: 15 * minute,
    personalTokens: { lifetime: 365 * day, maximumLifetime: 365 * day },
    pkce: 'public',
    prefix: '/oauth',
    provider: 'users',
    providers: ['users'],
    sessionLifetime: 12 * hour,
    keepSignedIn: { lifetime: 30 * day, checked: false },
    trustedProxies: [],
    throttle: {
      perAddress: { failures: 60, window: minute },
      perAccount: { failures: 10, window: 15 * minute },
    },
    pollInterval: second,
    maxStaleness: 10 * second,
    guardCacheSize: 20_000,
    migrations: 'on-start',
    auditRetention: 7 * day,
    purgeInterval: hour,
    codeLifetime: minute,
    deviceCodes: { lifetime: 10 * minute, interval: 5 * second },
    refresh: { lifetime: 30 * day, maximum: null, graceWindow: minute, rotation: 'always' },
  })
})

test('of an empty configuration all that is missing is told at once', () => {
  expect([...pathsOf({})].sort()).toEqual(['grants', 'issuer', 'secrets', 'store', 'users'])
})

/** One mistake for each option, none of which hides another. */
const MISTAKES: Readonly<Record<string, object>> = {
  issuer: { issuer: 'http://id.example.com' },
  secrets: { secrets: undefined },
  store: { store: {} },
  'users.verifyPassword': { users: { find: () => {}, findByUsername: () => {} } },
  'scopes["*"]': { scopes: { '*': 'Everything' } },
  'defaultScopes[0]': { defaultScopes: ['orders:raed'] },
  audience: { audience: '' },
  'resources[0]': { resources: ['https://api.example/#orders'] },
  accessTokenLifetime: { accessTokenLifetime: 'soon' },
  'personalTokens.lifetime': { personalTokens: { lifetime: '2y', maximumLifetime: '1y' } },
  pkce: { pkce: 'never' },
  prefix: { prefix: 'oauth/' },
  provider: { provider: 'Users' },
  'providers.Staff': {
    providers: { Staff: { find: () => {}, findByUsername: () => {}, verifyPassword: () => {} } },
  },
  sessionLifetime: { sessionLifetime: -1 },
  'keepSignedIn.checked': { keepSignedIn: { checked: 'no' } },
  'trustedProxies[0]': { trustedProxies: ['10.0.0.0/99'] },
  'throttle.perAddress.failures': { throttle: { perAddress: { failures: 0, window: '1m' } } },
  'revocations.maxStaleness': { revocations: { pollInterval: '10s', maxStaleness: '5s' } },
  guardCacheSize: { guardCacheSize: 0 },
  'pages.language': { pages: { language: 'tlh' } },
  migrations: { migrations: 'never' },
  'audit.keep': { audit: { keep: '' } },
  'purge.every': { purge: { every: '11d' } },
}

test.each(Object.entries(MISTAKES))('a mistake in %s is told by its path', (path, mistake) => {
  expect(pathsOf({ ...NEEDED, ...mistake })).toEqual([path])
})

test('"Keep me signed in" must not sign users out sooner', () => {
  expect(pathsOf({ ...NEEDED, keepSignedIn: { lifetime: '1h' } })).toEqual(['keepSignedIn.lifetime'])
  const settings = resolveSettings({ ...NEEDED, sessionLifetime: '90d' })
  expect(settings.keepSignedIn?.lifetime).toBe(settings.sessionLifetime)
})

test('openid cannot be defined as a scope, and the message says why', () => {
  expect(() => createAuthorizationServer({ ...NEEDED, scopes: { openid: 'Know who you are' } })).toThrow(
    /scopes\["openid"\]: cannot be defined: this server issues no ID tokens/,
  )
})

test('all mistakes are told at once', () => {
  const config = Object.assign({ ...NEEDED }, ...Object.values(MISTAKES)) as object
  expect([...pathsOf(config)].sort()).toEqual(Object.keys(MISTAKES).sort())
})

test.each<[string, readonly unknown[], readonly string[]]>([
  ['none', [], ['grants']],
  ['nothing that gives a first token', [refreshToken()], ['grants']],
  ['one twice', [clientCredentials(), clientCredentials()], ['grants[1]']],
  ['one that was not called', [authorizationCode], ['grants[0].type']],
  [
    'a code that never ends',
    [authorizationCode({ codeLifetime: 'never' as '1h' })],
    ['grants[0].codeLifetime'],
  ],
  ['tokens of no length', [clientCredentials({ lifetime: 0 })], ['grants[0].lifetime']],
  ['a device that asks all the time', [deviceCode({ interval: '100ms' })], ['grants[0].interval']],
  ['a device that may ask once', [deviceCode({ lifetime: '5s' })], ['grants[0].lifetime']],
  [
    'a refresh that is wrong throughout',
    [
      authorizationCode(),
      refreshToken({
        lifetime: 0,
        maximumLifetime: 0,
        graceWindow: 'long' as '1h',
        rotation: 'never' as 'always',
      }),
    ],
    ['grants[1].graceWindow', 'grants[1].lifetime', 'grants[1].maximumLifetime', 'grants[1].rotation'],
  ],
])('of the grants: %s', (_what, grants, paths) => {
  expect([...pathsOf({ ...NEEDED, grants })].sort()).toEqual(paths)
})
