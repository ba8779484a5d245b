import { expect, test } from 'vitest'
import { builtInUsers, ConfigError, createAuthorizationServer } from '../../src/index.ts'
import type { Config, UserProvider } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { commonConfig } from '../support/config.ts'
import { createUserTable } from '../support/user-table.ts'
import { testSecrets } from '../support/secrets.ts'

const { provider } = createUserTable()
const issuer = 'https://id.example.com'

type Changes = Pick<Config, 'prefix' | 'provider' | 'providers'>

/** What is said against a configuration: `path: message`. */
function problemsOf(config: Changes): readonly string[] {
  try {
    const store = sqlite(':memory:')
    createAuthorizationServer({ ...commonConfig(), issuer, secrets: testSecrets, store, ...config })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
}

const providers = (named: Readonly<Record<string, unknown>>): Changes => ({
  providers: named as Readonly<Record<string, UserProvider>>,
})

test('several providers may stand side by side', () => {
  expect(problemsOf(providers({ customers: provider, partners: provider }))).toEqual([])
})

test.each<[string, Changes, RegExp]>([
  ['the name of the default one', providers({ users: provider }), /^providers\.users: has the name/],
  [
    'a default one of the same name',
    { ...providers({ a: provider }), provider: 'a' },
    /^providers\.a: has the name/,
  ],
  ['a name in capitals', providers({ Customers: provider }), /^providers\.Customers: must be a short name/],
  ['a name with a colon', providers({ 'a:b': provider }), /^providers\.a:b: must be a short name/],
  ['a name with a slash', providers({ 'a/b': provider }), /^providers\.a\/b: must be a short name/],
  ['the name of a path of ours', providers({ code: provider }), /^providers\.code: must be a short name/],
  [
    'no provider at all',
    providers({ customers: undefined }),
    /^providers\.customers\.find: must be a function/,
  ],
  [
    'a function left out',
    providers({ customers: { ...provider, find: null } }),
    /^providers\.customers\.find: /,
  ],
  [
    'people of ours twice',
    providers({ customers: builtInUsers() }),
    /^providers\.customers: must be a look-up/,
  ],
])('a configuration with %s is refused, and says where', (_what, config, problem) => {
  expect(problemsOf(config)[0]).toMatch(problem)
})

test('two endpoints of one path are refused: one of them would never be reached', () => {
  const config = { ...providers({ token: provider }), prefix: '/login' }
  expect(problemsOf(config)).toEqual([
    'prefix: gives two endpoints the path /login/token. Choose another prefix',
  ])
})
