import {
  authorizationCode,
  builtInUsers,
  clientCredentials,
  ConfigError,
  createAuthorizationServer,
  deviceCode,
  refreshToken,
} from '../../src/index.ts'
import type { Config, ConfigProblem } from '../../src/index.ts'
import type { BuiltInUser } from '../../src/users/built-in.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { testSecrets } from './secrets.ts'

/** The scopes of the servers under test. */
export const SCOPES = {
  'orders:read': 'See your orders',
  'orders:create': 'Place orders in your name',
  profile: 'See your name & picture',
} as const

/** A scope of the servers under test. */
export type TestScope = keyof typeof SCOPES

/** The configuration of a server under test. */
export type TestConfig = Config<TestScope, BuiltInUser>

/** The options of every server under test, unless its test overrides them. */
export const commonConfig = (): Pick<TestConfig, 'users' | 'scopes' | 'grants' | 'personalTokens'> => ({
  users: builtInUsers(),
  scopes: SCOPES,
  grants: [authorizationCode(), refreshToken(), clientCredentials(), deviceCode()],
  personalTokens: {},
})

/** The smallest valid configuration. Each copy has a store of its own: files share modules, and one may close it. */
export const REQUIRED = {
  issuer: 'https://id.example.com',
  secrets: testSecrets,
  get store() {
    return sqlite(':memory:')
  },
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
}

/** Returns the problems of the `ConfigError` that a function throws; empty if it throws none. */
export function problemsOf(action: () => unknown): readonly ConfigProblem[] {
  try {
    action()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** Returns the problems of a configuration as lines: `path: message`. Without a compiler, it can be anything. */
export const configProblems = (changes: object): readonly string[] =>
  problemsOf(() => createAuthorizationServer({ ...REQUIRED, ...changes })).map(
    ({ path, message }) => `${path}: ${message}`,
  )
