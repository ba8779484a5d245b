import type { BroadcastSource } from '../broadcast/broadcast.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import type { Duration } from '../lib/duration.ts'
import { jsonLogger, type Logger } from '../lib/log.ts'
import { createValidator, type OptionNames, type Validator } from '../lib/validator.ts'
import { issuerProblems } from '../model/issuer.ts'
import { isScopeToken, type ScopeInheritance } from '../model/scope.ts'
import type { FeedCredentials } from './remote-revocations.ts'
import { STRICT_NEEDS_STORE } from './requirement.ts'
import { resolveGuardResources, type GuardResources, type ResourceMetadataOptions } from './resources.ts'

/** How a guard follows the issuer's revocations. */
export interface RevocationFeedOptions extends FeedCredentials {
  /** How often to poll. Default: 1 second. A sign-out takes effect within this time and one request. */
  readonly pollInterval?: Duration
  /**
   * How old the last successful poll may be before requests get 503. Default: 10 seconds. Must be longer than
   * `pollInterval`.
   */
  readonly maxStaleness?: Duration
  /**
   * Polls as soon as the issuer announces a revocation, so that a sign-out takes effect within milliseconds: `redis('redis://…')` from
   * `consulate/redis`, with the URL and `keyPrefix` of the issuer's own `broadcast`. Default: none.
   */
  readonly broadcast?: BroadcastSource | undefined
}

/** The options of a standalone guard. It needs no database and no private key. */
export interface GuardOptions<Scope extends string = string, Main extends string = string> {
  /** The authorization server: https, or http on a loopback address. */
  readonly issuer: string
  /** The `aud` that tokens must contain. With several, one of them is enough. Default: the issuer. */
  readonly audience?: string | readonly string[]
  /**
   * Tells clients where to get tokens: challenges name the metadata of the audience (RFC 9728), which the service
   * serves with `guard.resourceMetadata()`. `{}` if the audience is the URL of the service. Default: off.
   */
  readonly resourceMetadata?: ResourceMetadataOptions<NoInfer<Scope>>
  /** The scopes that routes can require. Misspelled ones do not compile. Default: any. */
  readonly scopes?: readonly Scope[]
  /** Whether `orders` covers `orders:read`. Use the value of the server's option. Default: false. */
  readonly scopeInheritance?: boolean
  /**
   * The credentials of a client that was registered with `followsRevocations`, or `'none'`. With `'none'`, tokens are
   * valid until they expire, even after the user signs out.
   */
  readonly revocations: RevocationFeedOptions | 'none'
  /** The provider of the users. Default: `users`, as for the server. For others, use `guard.for('customers')`. */
  readonly provider?: Main
  /** The number of verified tokens to cache, at about 2 kB each. Default: 20,000. */
  readonly cacheSize?: number
  /** Default: JSON lines on standard error. */
  readonly logger?: Logger
  /** For tests. */
  readonly clock?: Clock
}

/** Times are in milliseconds. */
export interface RevocationFeedSettings extends FeedCredentials {
  readonly pollInterval: number
  readonly maxStaleness: number
  readonly broadcast: BroadcastSource | undefined
}

/** The validated options, with defaults. */
export interface GuardSettings extends GuardResources, ScopeInheritance {
  readonly issuer: string
  readonly revocations: RevocationFeedSettings | 'none'
  readonly provider: string
  readonly cacheSize: number
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Validates the options of a guard and adds the defaults.
 *
 * @throws ConfigError with all problems
 */
export function resolveGuardOptions(options: GuardOptions): GuardSettings {
  const validator = createValidator()
  const { issuer, provider = 'users', cacheSize = 20_000, scopes = [], scopeInheritance = false } = options
  validator.knownOptions('', options, OPTIONS)
  for (const problem of issuerProblems(issuer)) validator.problem('issuer', problem)
  const resources = resolveGuardResources(options, validator)
  requireText('provider', provider, validator)
  checkScopes(scopes, validator)
  const settings = {
    issuer,
    ...resources,
    provider,
    isInherited: validator.boolean('scopeInheritance', scopeInheritance),
    revocations: resolveRevocations(options.revocations, validator),
    cacheSize: validator.positiveInteger('cacheSize', cacheSize),
    logger: options.logger ?? jsonLogger(),
    clock: options.clock ?? systemClock,
  }
  validator.throwIfInvalid()
  return settings
}

function checkScopes(scopes: unknown, validator: Validator): void {
  if (!Array.isArray(scopes)) return validator.problem('scopes', "must be a list, such as ['orders:read']")
  for (const [index, scope] of scopes.entries()) {
    if (typeof scope !== 'string' || !isScopeToken(scope))
      validator.problem(`scopes[${index}]`, 'is not a valid scope')
  }
}

function resolveRevocations(
  given: GuardOptions['revocations'] | undefined,
  validator: Validator,
): GuardSettings['revocations'] {
  if (given === 'none') return given
  if (!given) validator.problem('revocations', "is required: { clientId, clientSecret }, or 'none'")
  const {
    clientId,
    clientSecret,
    pollInterval = '1s',
    maxStaleness = '10s',
    broadcast,
  } = given ?? NO_CREDENTIALS
  if (broadcast && typeof broadcast.listen !== 'function')
    validator.problem('revocations.broadcast', "must be redis('redis://…')")
  if (given) {
    if ('strict' in given) validator.problem('revocations.strict', STRICT_NEEDS_STORE)
    else validator.knownOptions('revocations', given, FEED_OPTIONS)
    requireText('revocations.clientId', clientId, validator)
    requireText('revocations.clientSecret', clientSecret, validator)
  }
  const [interval, staleness] = [
    validator.duration('revocations.pollInterval', pollInterval),
    validator.duration('revocations.maxStaleness', maxStaleness),
  ]
  if (staleness <= interval) validator.problem('revocations.maxStaleness', 'must be longer than pollInterval')
  return { clientId, clientSecret, pollInterval: interval, maxStaleness: staleness, broadcast }
}

const OPTIONS: OptionNames<GuardOptions> = {
  issuer: true,
  audience: true,
  resourceMetadata: true,
  scopes: true,
  scopeInheritance: true,
  revocations: true,
  provider: true,
  cacheSize: true,
  logger: true,
  clock: true,
}

const FEED_OPTIONS: OptionNames<RevocationFeedOptions> = {
  clientId: true,
  clientSecret: true,
  pollInterval: true,
  maxStaleness: true,
  broadcast: true,
}

const NO_CREDENTIALS: RevocationFeedOptions = { clientId: '', clientSecret: '' }

/** Options often come from environment variables, which can be unset or empty. */
function requireText(path: string, value: unknown, validator: Validator): void {
  if (typeof value !== 'string' || value === '') validator.problem(path, 'is required')
}
