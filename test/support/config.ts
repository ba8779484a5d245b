import {
  authorizationCode,
  builtInUsers,
  clientCredentials,
  deviceCode,
  refreshToken,
} from '../../src/index.ts'
import type { Config } from '../../src/index.ts'
import type { BuiltInUser } from '../../src/users/built-in.ts'

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

/** What every server under test has, unless its test says otherwise. */
export const commonConfig = (): Pick<TestConfig, 'users' | 'scopes' | 'grants' | 'personalTokens'> => ({
  users: builtInUsers(),
  scopes: SCOPES,
  grants: [authorizationCode(), refreshToken(), clientCredentials(), deviceCode()],
  personalTokens: {},
})
