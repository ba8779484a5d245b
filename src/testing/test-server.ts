import type { Config } from '../config/config.ts'
import { ConfigError } from '../errors.ts'
import type { AnyClaims } from '../guard/auth.ts'
import { authorizationCode } from '../grants/authorization-code.ts'
import { clientCredentials } from '../grants/client-credentials.ts'
import { deviceCode } from '../grants/device-code.ts'
import { implicitGrant } from '../grants/implicit.ts'
import { passwordGrant } from '../grants/password.ts'
import { refreshToken } from '../grants/refresh-token.ts'
import { signIn } from '../grants/sign-in.ts'
import { testSecrets } from '../keys/test-secrets.ts'
import { isLoopbackHost } from '../lib/address.ts'
import { jsonLogger, type Logger } from '../lib/log.ts'
import { openServer, type AuthorizationServer } from '../server.ts'
import type { Store } from '../store/contract.ts'
import { sqlite } from '../store/sqlite.ts'
import { builtInUsers, type BuiltInUser } from '../users/built-in.ts'
import type { BaseUser } from '../users/provider.ts'
import { createActing } from './acting.ts'
import { actingSessions } from './acting-sessions.ts'
import { createKit, type TestKit } from './test-kit.ts'
import { createTestClock, type TestClock } from './test-clock.ts'
import { TEST_ISSUER } from './token-memory.ts'

/** Options of a test server that are not part of the configuration. */
export interface TestServerOptions {
  /** When its clock starts: a `Date`, milliseconds since 1970 or an ISO 8601 string. Default: now. */
  readonly now?: Date | number | string
  /** Default: a new, empty SQLite database in memory. */
  readonly store?: Store
  /** Default: errors only, on standard error. */
  readonly logger?: Logger
}

/** A server for tests. It is a whole server, with methods that create what a test needs. */
export interface TestServer<
  Scope extends string = string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = BaseUser,
  Claims extends object = AnyClaims,
>
  extends AuthorizationServer<Scope, Main, Other, User, Claims>, TestKit<Scope, Claims> {
  /** The clock of the server. Tokens, codes, sessions and jobs follow it. */
  readonly clock: TestClock
}

/** The configuration of a test server. */
export type TestConfig<
  Scope extends string,
  User extends BaseUser,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
> = Partial<Config<Scope, User, Main, Other, Claims>>

/**
 * Creates a whole authorization server in memory for a test. Pass the configuration of your app, or a part of it. The
 * secrets, database, clock, logger and broadcast of the configuration are replaced, webhooks are sent to this machine only,
 * and nothing is purged. What is missing has a default: built-in users, no scopes, all grants, personal access tokens and
 * apps of users, the issuer `https://issuer.test`.
 *
 * Its signing key is part of this package, so everyone could create its tokens. No other server accepts it.
 *
 * @throws ConfigError with every problem of the configuration; if `NODE_ENV` is `production`
 */
export function createTestServer<
  const Scope extends string = string,
  User extends BaseUser = BuiltInUser,
  const Main extends string = 'users',
  const Other extends string = never,
  Claims extends object = AnyClaims,
>(
  config: TestConfig<Scope, User, Main, Other, Claims> = {},
  options: TestServerOptions = {},
): TestServer<Scope, Main, Other, User, Claims> {
  if (process.env['NODE_ENV'] === 'production') throw new ConfigError([IN_PRODUCTION])
  const clock = createTestClock(options.now)
  const acting = createActing()
  const complete = { ...DEFAULTS, ...config, ...replacements(config, options), clock }
  // What the defaults leave out of the types, such as scopes, is not in `config` either.
  const opened = openServer(complete as unknown as Config<Scope, User, Main, Other, Claims>, acting.wrap)
  const kit = createKit<Scope>(opened, acting)
  const sessions = actingSessions(opened.server.sessions, kit, acting, opened.settings.provider)
  return { ...opened.server, clock, ...kit, sessions }
}

const IN_PRODUCTION = { path: 'NODE_ENV', message: 'is production, where test servers do not start' } as const

const DEFAULTS = {
  issuer: TEST_ISSUER,
  users: builtInUsers(),
  scopes: {},
  grants: [
    authorizationCode(),
    refreshToken(),
    clientCredentials(),
    deviceCode(),
    passwordGrant(),
    implicitGrant(),
    signIn(),
  ],
  personalTokens: {},
  userApps: {},
}

const replacements = (
  { webhooks }: Pick<Config, 'webhooks'>,
  { store, logger }: TestServerOptions,
): Partial<Config> => ({
  webhooks: onThisMachine(webhooks),
  secrets: testSecrets,
  store: store ?? sqlite(':memory:'),
  logger: logger ?? jsonLogger({ level: 'error' }),
  broadcast: undefined,
  migrations: 'on-start',
  purge: 'manual',
})

/** Leaves out the endpoints on other machines: they would receive the events of tests. */
function onThisMachine(webhooks: Config['webhooks']): Config['webhooks'] {
  const endpoints = webhooks?.endpoints.filter(
    ({ url }) => !URL.canParse(url) || isLoopbackHost(new URL(url).hostname),
  )
  return webhooks && endpoints && endpoints.length > 0 ? { ...webhooks, endpoints } : undefined
}
