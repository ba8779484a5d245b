import { systemClock, type Clock } from '../lib/clock.ts'
import type { Duration } from '../lib/duration.ts'
import { jsonLogger, type Logger } from '../lib/log.ts'
import { createValidator, type OptionNames, type Validator } from '../lib/validator.ts'
import { issuerProblems } from '../model/issuer.ts'
import { isScopeToken } from '../model/scope.ts'
import type { FeedCredentials } from './remote-revocations.ts'

/** How a guard follows the issuer's revocations. */
export interface RevocationFeedOptions extends FeedCredentials {
  /** How often it asks for new ones; default a second. A sign-out takes effect within this and one request. */
  readonly pollInterval?: Duration
  /** How old the last good answer may be before nobody is let in; default 10 seconds, more than `pollInterval`. */
  readonly maxStaleness?: Duration
}

/** What a guard in another service needs. It has no database and no private key. */
export interface GuardOptions<Scope extends string = string, Main extends string = string> {
  /** The authorization server: https, or http on a loopback address. */
  readonly issuer: string
  /** What this service is called in tokens, their `aud`; default: the issuer. */
  readonly audience?: string
  /** The scopes that routes may ask for, so that a misspelled one does not compile; default: any. */
  readonly scopes?: readonly Scope[]
  /**
   * The credential of a client that was registered with `followsRevocations`; or `'none'` on purpose: then a token is
   * good until it expires, whoever has signed out meanwhile.
   */
  readonly revocations: RevocationFeedOptions | 'none'
  /** The provider that people must come from; default `users`, as at the server. For others: `guard.for('customers')`. */
  readonly provider?: Main
  /** How many verified tokens are remembered, at about 2 kB each; default 20,000. */
  readonly cacheSize?: number
  /** Default: JSON lines on standard error. */
  readonly logger?: Logger
  /** For tests. */
  readonly clock?: Clock
}

/** How a guard follows revocations, in milliseconds. */
export interface RevocationFeedSettings extends FeedCredentials {
  readonly pollInterval: number
  readonly maxStaleness: number
}

/** What the options come to. */
export interface GuardSettings {
  readonly issuer: string
  readonly audience: string
  readonly revocations: RevocationFeedSettings | 'none'
  readonly provider: string
  readonly cacheSize: number
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Checks the options of a guard and fills in what they leave out.
 *
 * @throws ConfigError with every problem at once
 */
export function resolveGuardOptions(options: GuardOptions): GuardSettings {
  const validator = createValidator()
  const { issuer, audience = issuer, provider = 'users', cacheSize = 20_000, scopes = [] } = options
  validator.knownOptions('', options, OPTIONS)
  for (const problem of issuerProblems(issuer)) validator.problem('issuer', problem)
  if (audience !== issuer) checkText('audience', audience, validator)
  checkText('provider', provider, validator)
  checkScopes(scopes, validator)
  const settings = {
    issuer,
    audience,
    provider,
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
      validator.problem(`scopes[${index}]`, 'is no scope')
  }
}

function resolveRevocations(
  given: GuardOptions['revocations'] | undefined,
  validator: Validator,
): GuardSettings['revocations'] {
  if (given === 'none') return given
  if (!given) validator.problem('revocations', "is missing: { clientId, clientSecret }, or 'none' on purpose")
  const { clientId, clientSecret, pollInterval = '1s', maxStaleness = '10s' } = given ?? NO_CREDENTIALS
  if (given) {
    validator.knownOptions('revocations', given, FEED_OPTIONS)
    checkText('revocations.clientId', clientId, validator)
    checkText('revocations.clientSecret', clientSecret, validator)
  }
  const [interval, staleness] = [
    validator.duration('revocations.pollInterval', pollInterval),
    validator.duration('revocations.maxStaleness', maxStaleness),
  ]
  if (staleness <= interval)
    validator.problem('revocations.maxStaleness', 'must be longer than the pollInterval')
  return { clientId, clientSecret, pollInterval: interval, maxStaleness: staleness }
}

const OPTIONS: OptionNames<GuardOptions> = {
  issuer: true,
  audience: true,
  scopes: true,
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
}

const NO_CREDENTIALS: RevocationFeedOptions = { clientId: '', clientSecret: '' }

/** Options often come from the environment, where what is not set is undefined or empty. */
function checkText(path: string, value: unknown, validator: Validator): void {
  if (typeof value !== 'string' || value === '') validator.problem(path, 'is missing')
}
