import type { AuthorizationCodeOptions } from '../grants/authorization-code.ts'
import type { ClientCredentialsOptions } from '../grants/client-credentials.ts'
import type { DeviceCodeOptions } from '../grants/device-code.ts'
import type { ImplicitGrantOptions } from '../grants/implicit.ts'
import type { PasswordGrantOptions } from '../grants/password.ts'
import type { RefreshTokenOptions } from '../grants/refresh-token.ts'
import type { SignInOptions } from '../grants/sign-in.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { Config } from './config.ts'

const LISTS: ReadonlySet<string> = new Set([
  'accountPages',
  'clients',
  'grants',
  'defaultScopes',
  'resources',
  'returnOrigins',
  'trustedProxies',
])
const FUNCTIONS: ReadonlySet<string> = new Set(['locate', 'skipsConsent', 'tokenClaims', 'tokenResponse'])
const OBJECTS: ReadonlySet<string> = new Set(['providers', 'logger', 'clock', 'broadcast'])

/** Reports options with a value of the wrong type, and returns the others, so that they can be checked too. */
export function validOptions(config: Config, validator: Validator): Config {
  const valid = Object.entries(config).filter(([name, value]) => {
    const problem = typeProblem(name, value)
    if (problem !== undefined) validator.problem(name, problem)
    return problem === undefined
  })
  return Object.fromEntries(valid) as unknown as Config
}

function typeProblem(name: string, value: unknown): string | undefined {
  if (value === null) return 'must not be null. Omit it for the default'
  if (value === undefined) return undefined
  const isList = Array.isArray(value)
  if (LISTS.has(name) && !isList) return 'must be an array'
  if (FUNCTIONS.has(name) && typeof value !== 'function') return 'must be a function'
  if (OBJECTS.has(name) && (isList || typeof value !== 'object')) return 'must be an object'
  if (name === 'scopes' && (isList || typeof value !== 'object'))
    return "must be an object with a sentence for each scope: { 'orders:read': 'See your orders' }"
  return undefined
}

/**
 * Reports unknown options. A misspelled one would silently leave the default: `pkse: 'always'` protects nothing. Nested options
 * are checked where they are resolved.
 */
export const checkOptions = (config: Partial<Config>, validator: Validator): void =>
  validator.knownOptions('', config, CONFIG)

/** Reports unknown options of a built-in grant. */
export function checkGrantOptions(path: string, grant: object, validator: Validator): void {
  const { type, options } = grant as { readonly type?: string; readonly options?: object }
  const names = GRANTS[type ?? '']
  if (names) validator.knownOptions(path, options, names)
}

const CONFIG: OptionNames<Config> = {
  issuer: true,
  secrets: true,
  store: true,
  users: true,
  scopes: true,
  grants: true,
  defaultScopes: true,
  scopeInheritance: true,
  audience: true,
  resources: true,
  accessTokenLifetime: true,
  passport: true,
  tokenClaims: true,
  tokenResponse: true,
  personalTokens: true,
  userApps: true,
  accountPages: true,
  clients: true,
  clientFields: true,
  locate: true,
  pkce: true,
  skipsConsent: true,
  partialConsent: true,
  prefix: true,
  routes: true,
  provider: true,
  providers: true,
  sessionLifetime: true,
  apiCookie: true,
  keepSignedIn: true,
  passwordReset: true,
  reauthenticateAfter: true,
  maxSessions: true,
  returnOrigins: true,
  trustedProxies: true,
  throttle: true,
  revocations: true,
  broadcast: true,
  guardCacheSize: true,
  pages: true,
  migrations: true,
  audit: true,
  purge: true,
  webhooks: true,
  metrics: true,
  logger: true,
  clock: true,
}

const CODE: OptionNames<AuthorizationCodeOptions> = { codeLifetime: true, accessTokenLifetime: true }
const MACHINE: OptionNames<ClientCredentialsOptions> = { accessTokenLifetime: true }
const IMPLICIT: OptionNames<ImplicitGrantOptions> = { accessTokenLifetime: true }
const DEVICE: OptionNames<DeviceCodeOptions> = { lifetime: true, interval: true, accessTokenLifetime: true }
const PASSWORD: OptionNames<PasswordGrantOptions> = {
  findByUsername: true,
  verifyPassword: true,
  accessTokenLifetime: true,
}
const REFRESH: OptionNames<RefreshTokenOptions> = {
  lifetime: true,
  maximumLifetime: true,
  accessTokenLifetime: true,
  graceWindow: true,
  rotation: true,
}
const SIGN_IN: OptionNames<SignInOptions> = {
  lifetime: true,
  maximumLifetime: true,
  accessTokenLifetime: true,
  graceWindow: true,
  scopes: true,
  origins: true,
}

const GRANTS: Readonly<Record<string, OptionNames<object>>> = {
  authorization_code: CODE,
  client_credentials: MACHINE,
  implicit: IMPLICIT,
  refresh_token: REFRESH,
  password: PASSWORD,
  sign_in: SIGN_IN,
  [DEVICE_GRANT]: DEVICE,
}
