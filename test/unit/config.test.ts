import { describe, expect, test } from 'vitest'
import { resolveSettings } from '../../src/config/settings.ts'
import {
  authorizationCode,
  builtInUsers,
  clientCredentials,
  createAuthorizationServer,
  deviceCode,
  implicitGrant,
  refreshToken,
  signIn,
} from '../../src/index.ts'
import type { Config } from '../../src/index.ts'
import { configProblems, problemsOf, REQUIRED } from '../support/config.ts'
import { createUserTable } from '../support/user-table.ts'

const pathsOf = (changes: object): readonly string[] =>
  configProblems(changes)
    .map((line) => line.slice(0, line.indexOf(': ')))
    .sort()

test('the six required options are enough', () => {
  expect(configProblems({})).toEqual([])
})

test('without options, every required one is reported', () => {
  const missing = ['grants', 'issuer', 'secrets', 'store', 'users']
  const create = createAuthorizationServer as (config?: object) => unknown
  for (const config of [{}, undefined])
    expect(
      problemsOf(() => create(config))
        .map(({ path }) => path)
        .sort(),
    ).toEqual(missing)
})

test('the defaults are those of the reference', () => {
  const grants = [authorizationCode(), refreshToken(), deviceCode()]
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]
  expect(resolveSettings({ ...REQUIRED, grants, personalTokens: {} })).toMatchObject({
    audience: REQUIRED.issuer,
    resources: [REQUIRED.issuer],
    scopes: { defaults: [], isInherited: false, firstPartyOnly: new Set(), required: new Set() },
    accessTokenLifetime: 15 * minute,
    personalTokens: { lifetime: 365 * day, maximumLifetime: 365 * day },
    accountPages: ['devices', 'password', 'apps', 'tokens'],
    passwordReset: undefined,
    reauthenticateAfter: 15 * minute,
    pkce: 'public',
    prefix: '/oauth',
    provider: 'users',
    providers: ['users'],
    sessionLifetime: 12 * hour,
    keepSignedIn: { lifetime: 30 * day, checked: false },
    returnOrigins: new Set(['https://id.example.com']),
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
    webhookRetention: { delivered: 3 * day, failed: 30 * day },
    purgeInterval: hour,
    codeLifetime: minute,
    deviceCodes: { lifetime: 10 * minute, interval: 5 * second },
    refresh: { lifetime: 30 * day, maximum: null, graceWindow: minute, rotation: 'always' },
  })
})

test('cookies have names of their own for each issuer path, and the __Host- prefix on https', () => {
  const cookiesOf = (issuer: string) => resolveSettings({ ...REQUIRED, issuer }).cookies
  expect(cookiesOf('https://id.example.com')).toEqual({ prefix: '__Host-', suffix: '', isSecure: true })
  expect(cookiesOf('https://id.example.com/tenant/a').suffix).toBe('_tenant_a')
  expect(cookiesOf('http://127.0.0.1:3000')).toEqual({ prefix: '', suffix: '', isSecure: false })
})

/** A mistake for each option. None hides another. */
const MISTAKES: Readonly<Record<string, object>> = {
  issuer: { issuer: 'http://id.example.com' },
  secrets: { secrets: undefined },
  store: { store: {} },
  'users.verifyPassword': { users: { find: () => {}, findByUsername: () => {} } },
  'scopes["*"]': { scopes: { '*': 'Everything' } },
  'defaultScopes[0]': { defaultScopes: ['orders:raed'] },
  scopeInheritance: { scopeInheritance: 'yes' },
  audience: { audience: '' },
  'resources[0]': { resources: ['https://api.example/#orders'] },
  accessTokenLifetime: { accessTokenLifetime: 'soon' },
  'personalTokens.lifetime': { personalTokens: { lifetime: '2y', maximumLifetime: '1y' } },
  'accountPages[0]': { accountPages: ['device'] },
  locate: { locate: 'Berlin' },
  pkce: { pkce: 'never' },
  skipsConsent: { skipsConsent: true },
  partialConsent: { partialConsent: 'yes' },
  prefix: { prefix: 'oauth/' },
  provider: { provider: 'Users' },
  'providers.Staff': {
    providers: { Staff: { find: () => {}, findByUsername: () => {}, verifyPassword: () => {} } },
  },
  sessionLifetime: { sessionLifetime: -1 },
  'keepSignedIn.checked': { keepSignedIn: { checked: 'no' } },
  'returnOrigins[0]': { returnOrigins: ['http://app.example'] },
  'trustedProxies[0]': { trustedProxies: ['10.0.0.0/99'] },
  'throttle.perAddress.failures': { throttle: { perAddress: { failures: 0, window: '1m' } } },
  'revocations.maxStaleness': { revocations: { pollInterval: '10s', maxStaleness: '5s' } },
  guardCacheSize: { guardCacheSize: 0 },
  'pages.language': { pages: { language: 'tlh' } },
  migrations: { migrations: 'never' },
  'audit.keep': { audit: { keep: '' } },
  'purge.every': { purge: { every: '11d' } },
}

test.each(Object.entries(MISTAKES))('reports a mistake in %s, with its path', (path, mistake) => {
  expect(pathsOf(mistake)).toEqual([path])
})

test('reports all mistakes in one error', () => {
  expect(pathsOf(Object.assign({}, ...Object.values(MISTAKES)) as object)).toEqual(
    Object.keys(MISTAKES).sort(),
  )
})

test('the sign-out page returns to web origins only, in their normal form', () => {
  const origin = 'https://app.example'
  const wrong = [
    `${origin}/`,
    `${origin}/a`,
    `${origin}:443`,
    '*',
    'null',
    'app://x',
    'https://a@b.example',
    7,
  ]
  expect(pathsOf({ returnOrigins: [origin, 'http://[::1]:80a', ...wrong] })).toEqual(
    Array.from({ length: wrong.length + 1 }, (_, index) => `returnOrigins[${index + 1}]`),
  )
  const returnOrigins = ['http://localhost:5173', 'https://app.example:8443', 'http://[::1]:3000']
  expect(pathsOf({ returnOrigins })).toEqual([])
})

test('"Keep me signed in" must not sign users out sooner', () => {
  expect(pathsOf({ keepSignedIn: { lifetime: '1h' } })).toEqual(['keepSignedIn.lifetime'])
  const settings = resolveSettings({ ...REQUIRED, sessionLifetime: '90d' })
  expect(settings.keepSignedIn?.lifetime).toBe(settings.sessionLifetime)
})

test('openid cannot be defined as a scope, and the message says why', () => {
  expect(configProblems({ scopes: { openid: 'Know who you are' } })).toEqual([
    'scopes["openid"]: cannot be defined: the server issues no ID tokens, which OpenID Connect clients expect for it',
  ])
})

describe('the account pages', () => {
  const pagesOf = (changes: object) => resolveSettings({ ...REQUIRED, ...changes }).accountPages

  test('are those whose feature is on, if users sign in on our pages', () => {
    const users = { ...createUserTable().provider, setPassword: undefined }
    expect(pagesOf({})).toEqual(['devices', 'password', 'apps'])
    expect(pagesOf({ users })).toEqual(['devices', 'apps'])
    expect(pagesOf({ users, personalTokens: {} })).toEqual(['devices', 'apps', 'tokens'])
    expect(pagesOf({ users, userApps: {} })).toEqual(['devices', 'apps', 'developer'])
    const machines = { grants: [clientCredentials()] }
    expect(pagesOf(machines)).toEqual([])
    expect(pagesOf({ ...machines, personalTokens: {} })).toEqual(['devices', 'password', 'apps', 'tokens'])
  })

  test('can be listed, in any order, and turn on signing in', () => {
    expect(pagesOf({ personalTokens: {}, accountPages: ['tokens', 'devices'] })).toEqual([
      'devices',
      'tokens',
    ])
    expect(pagesOf({ personalTokens: {}, accountPages: [] })).toEqual([])
    const machines = { ...REQUIRED, grants: [clientCredentials()] }
    expect(resolveSettings(machines).hasSignInPages).toBe(false)
    expect(resolveSettings({ ...machines, accountPages: ['devices'] }).hasSignInPages).toBe(true)
  })

  test('that are misspelled, or whose feature is off, are rejected', () => {
    expect(configProblems({ accountPages: ['device', 'tokens'] })).toEqual([
      "accountPages[0]: must be 'devices' or 'password' or 'apps' or 'tokens' or 'developer'",
      'accountPages[1]: needs the option personalTokens: {}',
    ])
    expect(configProblems({ accountPages: 'devices' })).toEqual(['accountPages: must be an array'])
  })

  test.each(['devices', 'password', 'apps', 'tokens', 'developer'])(
    'a provider cannot be called %s, the name of a page',
    (name) => {
      const { provider } = createUserTable()
      expect(pathsOf({ providers: { [name]: provider } })).toEqual([`providers.${name}`])
    },
  )
})

describe('userApps', () => {
  test('has a limit of 10 and no list of scopes by default', () => {
    expect(resolveSettings({ ...REQUIRED, userApps: {} }).userApps).toEqual({ limit: 10, scopes: undefined })
    expect(resolveSettings(REQUIRED).userApps).toBeUndefined()
    const scopes = { profile: 'See your name' }
    const userApps = { limit: 1, scopes: ['profile', 'profile'] as const }
    expect(resolveSettings({ ...REQUIRED, scopes, userApps }).userApps).toEqual({
      limit: 1,
      scopes: ['profile'],
    })
  })

  test.each<[object, readonly string[]]>([
    [{ userApps: { limit: 0 } }, ['userApps.limit: must be a whole number of at least 1']],
    [{ userApps: { limit: '5' } }, ['userApps.limit: must be a whole number of at least 1']],
    [{ userApps: { scopes: 'profile' } }, ['userApps.scopes: must be an array']],
    [{ userApps: { scopes: ['profile'] } }, ['userApps.scopes[0]: is not defined in scopes']],
    [
      {
        scopes: { admin: { description: 'Do anything', firstPartyOnly: true } },
        userApps: { scopes: ['admin'] },
      },
      ['userApps.scopes[0]: is for first-party clients only'],
    ],
    [{ userApps: { limits: 5 } }, ['userApps.limits: unknown option. Did you mean limit?']],
    [{ userApps: true }, ['userApps: must be an object with these options: limit, scopes']],
    [
      { grants: [clientCredentials()], userApps: {} },
      ['userApps: needs authorizationCode() or deviceCode() in grants'],
    ],
  ])('rejects %j', (changes, problems) => {
    expect(configProblems(changes)).toEqual(problems)
  })
})

test('PKCE cannot be required of all clients if the implicit grant is on', () => {
  expect(configProblems({ pkce: 'always', grants: [implicitGrant()] })).toEqual([
    "pkce: must not be 'always' with implicitGrant(), which has no PKCE",
  ])
})

describe('grants', () => {
  test.each<[string, readonly unknown[], readonly string[]]>([
    ['an empty list', [], ['grants']],
    ['only refreshToken()', [refreshToken()], ['grants']],
    ['a grant twice', [clientCredentials(), clientCredentials()], ['grants[1]']],
    ['a grant function that was not called', [authorizationCode], ['grants[0].type']],
    [
      'an invalid lifetime of codes',
      [authorizationCode({ codeLifetime: 'never' as '1h' })],
      ['grants[0].codeLifetime'],
    ],
    [
      'a token lifetime of 0',
      [clientCredentials({ accessTokenLifetime: 0 })],
      ['grants[0].accessTokenLifetime'],
    ],
    ['a polling interval below 1 second', [deviceCode({ interval: '100ms' })], ['grants[0].interval']],
    [
      'device codes that expire before the second poll',
      [deviceCode({ lifetime: '5s' })],
      ['grants[0].lifetime'],
    ],
    [
      'invalid options of refreshToken()',
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
    ['signIn() twice', [signIn(), signIn()], ['grants[1]']],
    ['signIn without a call', [signIn], ['grants[0].type']],
    [
      'invalid options of signIn()',
      [
        signIn({
          lifetime: 0,
          maximumLifetime: 'never' as '1h',
          accessTokenLifetime: 0,
          graceWindow: 'long' as '1h',
          scopes: ['orders:read', 'unknown'],
          origins: ['https://app.example', 'https://app.example/path', 'http://app.example', '*', 'null'],
        }),
      ],
      [
        'grants[0].accessTokenLifetime',
        'grants[0].graceWindow',
        'grants[0].lifetime',
        'grants[0].maximumLifetime',
        'grants[0].origins[1]',
        'grants[0].origins[2]',
        'grants[0].origins[3]',
        'grants[0].origins[4]',
        'grants[0].scopes[1]',
      ],
    ],
    [
      'lists of signIn() that are no lists',
      [signIn({ scopes: '*', origins: 'https://app.example' } as object)],
      ['grants[0].origins', 'grants[0].scopes'],
    ],
  ])('must not be %s', (_what, grants, paths) => {
    expect(pathsOf({ grants })).toEqual(paths)
  })
})

describe('user providers', () => {
  const { provider } = createUserTable()
  const named = (name: string, value: unknown = provider): object => ({ providers: { [name]: value } })

  test('can be several', () => {
    expect(configProblems({ providers: { customers: provider, partners: provider } })).toEqual([])
  })

  test.each<[string, object, string]>([
    ['the name of the default provider', named('users'), 'providers.users: has the name of the default'],
    [
      'the name of a renamed default provider',
      { ...named('staff'), provider: 'staff' },
      'providers.staff: has the name of the default',
    ],
    ['a name in capitals', named('Customers'), 'providers.Customers: must be 1 to 32 lowercase'],
    ['a name with a colon', named('a:b'), 'providers.a:b: must be 1 to 32 lowercase'],
    ['a name with a slash', named('a/b'), 'providers.a/b: must be 1 to 32 lowercase'],
    ['a name of 33 letters', named('a'.repeat(33)), `providers.${'a'.repeat(33)}: must be 1 to 32 lowercase`],
    ['the name of a path', named('code'), 'providers.code: must be 1 to 32 lowercase'],
    ['no functions', named('customers', null), 'providers.customers.find: must be a function'],
    [
      'a missing function',
      named('customers', { ...provider, find: null }),
      'providers.customers.find: must be a function',
    ],
    [
      'a second set of built-in users',
      named('customers', builtInUsers()),
      'providers.customers: must be an object with your own functions',
    ],
  ])('must not have %s', (_what, changes, problem) => {
    expect(configProblems(changes)[0]).toContain(problem)
  })

  test('must not lead to two endpoints with one path', () => {
    expect(configProblems({ ...named('token'), prefix: '/login' })).toEqual([
      'prefix: gives two endpoints the path /login/token. Choose another prefix',
    ])
  })

  test('must be called: builtInUsers without parentheses fails at startup', async () => {
    const users = builtInUsers as unknown as Config['users']
    const server = createAuthorizationServer({ ...REQUIRED, users })
    await expect(server.ready()).rejects.toThrow('users: must be called: write builtInUsers()')
    await server.close()
  })
})

describe('a scope with options', () => {
  test.each([
    [{ a: { description: 'A' } }, []],
    [{ a: { description: { en: 'A', vi: 'A', 'zh-Hant': 'A' }, firstPartyOnly: true, required: false } }, []],
    [{ a: ' ' }, ['scopes["a"]: must be a sentence for the consent page']],
    [
      { a: {} },
      ['scopes["a"].description: must be a sentence for the consent page, or one for each language'],
    ],
    [
      { a: { description: {} } },
      ['scopes["a"].description: must be a sentence for the consent page, or one for each language'],
    ],
    [
      { a: { description: ['A'] } },
      ['scopes["a"].description: must be a sentence for the consent page, or one for each language'],
    ],
    [
      { a: { description: { en: '' } } },
      ['scopes["a"].description["en"]: must be a sentence for the consent page'],
    ],
    [
      { a: { description: { en: 'A', vi: 7 } } },
      ['scopes["a"].description["vi"]: must be a sentence for the consent page'],
    ],
    [
      { a: { description: { en_US: 'A' } } },
      ['scopes["a"].description["en_US"]: is not a language tag, such as en or zh-Hant'],
    ],
    [{ a: { description: { en: 'A', EN: 'B' } } }, ['scopes["a"].description: has the language en twice']],
    [
      { a: { description: 'A', firstPartyOnly: 'yes' } },
      ['scopes["a"].firstPartyOnly: must be true or false'],
    ],
    [{ a: { description: 'A', required: 1 } }, ['scopes["a"].required: must be true or false']],
    [
      { a: { description: 'A', firstParty: true } },
      ['scopes["a"].firstParty: unknown option. Use one of: description, firstPartyOnly, required'],
    ],
    [
      { openid: { description: 'A' } },
      [
        'scopes["openid"]: cannot be defined: the server issues no ID tokens, which OpenID Connect clients expect for it',
      ],
    ],
  ])('is checked: %j', (scopes, problems) => {
    expect(configProblems({ scopes })).toEqual(problems)
  })

  test('cannot be first-party only below a scope that is not, with inheritance', () => {
    const scopes = {
      orders: { description: 'Manage orders' },
      'orders:refund': { description: 'Refund orders', firstPartyOnly: true },
      admin: { description: 'Do everything', firstPartyOnly: true },
      'admin:users': { description: 'Manage users', firstPartyOnly: true },
    }
    expect(configProblems({ scopes })).toEqual([])
    expect(configProblems({ scopes, scopeInheritance: true })).toEqual([
      'scopes["orders:refund"].firstPartyOnly: has no effect with scopeInheritance, because orders covers the scope. Make orders firstPartyOnly too',
    ])
  })
})
