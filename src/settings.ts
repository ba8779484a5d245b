import type { Config, FailureLimit } from './config.ts'
import { ConfigError, type ConfigProblem } from './errors.ts'
import type { Grant } from './grants/grant.ts'
import type { AuthorizationCodeGrant } from './grants/authorization-code.ts'
import type { RefreshTokenGrant } from './grants/refresh-token.ts'
import type { RefreshPolicy } from './issuance/context.ts'
import type { SecretsSource } from './keys/secrets.ts'
import { isAddressRange, isLoopbackHost } from './lib/address.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { parseDuration, type Duration } from './lib/duration.ts'
import { jsonLogger, type Logger } from './lib/log.ts'
import { isScopeToken, type ScopeRules } from './model/scope.ts'
import { createPages, type Pages } from './pages/render.ts'
import type { CookiePolicy } from './sessions/csrf.ts'
import type { ThrottleLimits } from './throttle/throttle.ts'

/** What the configuration comes to: every default filled in, every value checked, times in milliseconds. Frozen. */
export interface Settings {
  readonly issuer: string
  /** The issuer's path without a trailing slash: empty, or `/tenant`. */
  readonly basePath: string
  readonly prefix: string
  readonly audience: string
  readonly resources: readonly string[]
  readonly scopes: ScopeRules
  readonly scopeDescriptions: Readonly<Record<string, string>>
  readonly grants: ReadonlyMap<string, Grant>
  readonly accessTokenLifetime: number
  readonly codeLifetime: number
  readonly refresh: RefreshPolicy | undefined
  readonly pkce: 'public' | 'always'
  readonly provider: string
  readonly sessionLifetime: number
  readonly cookies: CookiePolicy
  readonly trustedProxies: readonly string[]
  readonly throttle: ThrottleLimits
  readonly pollInterval: number
  readonly maxStaleness: number
  readonly guardCacheSize: number
  readonly migrations: 'on-start' | 'by-hand'
  readonly secrets: SecretsSource
  readonly pages: Pages
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Checks a configuration and fills in what it leaves out.
 *
 * @throws ConfigError with every problem at once, each with its option's path
 */
export function resolveSettings(config: Config): Settings {
  const problems: ConfigProblem[] = []
  const report = (path: string, message: string): void => void problems.push({ path, message })
  const { issuer, basePath, isSecure } = resolveIssuer(config.issuer, report)
  const time = (path: string, value: Duration | undefined, usual: Duration): number =>
    resolveDuration(path, value ?? usual, report)
  const grants = resolveGrants(config.grants, report)
  checkStore(config, report)
  const settings: Settings = {
    issuer,
    basePath,
    prefix: resolvePrefix(config.prefix ?? '/oauth', report),
    audience: config.audience ?? issuer,
    resources: resolveResources(config, issuer, report),
    scopes: resolveScopeRules(config, report),
    scopeDescriptions: { ...config.scopes },
    grants,
    accessTokenLifetime: time('accessTokenLifetime', config.accessTokenLifetime, '15m'),
    codeLifetime: time('grants: codeLifetime', codeGrantOf(grants)?.options.codeLifetime, '60s'),
    refresh: resolveRefresh(grants, report),
    pkce: oneOf('pkce', config.pkce ?? 'public', ['public', 'always'], report),
    provider: resolveProvider(config.provider ?? 'users', report),
    sessionLifetime: time('sessionLifetime', config.sessionLifetime, '12h'),
    cookies: { prefix: isSecure ? '__Host-' : '', isSecure },
    trustedProxies: resolveProxies(config.trustedProxies ?? [], report),
    throttle: {
      perAddress: resolveLimit('throttle.perAddress', config.throttle?.perAddress, 60, '1m', report),
      perAccount: resolveLimit('throttle.perAccount', config.throttle?.perAccount, 10, '15m', report),
    },
    pollInterval: time('revocations.pollInterval', config.revocations?.pollInterval, '1s'),
    maxStaleness: time('revocations.maxStaleness', config.revocations?.maxStaleness, '10s'),
    guardCacheSize: positive('guardCacheSize', config.guardCacheSize ?? 20_000, report),
    migrations: oneOf('migrations', config.migrations ?? 'on-start', ['on-start', 'by-hand'], report),
    secrets: resolveSecrets(config.secrets, report),
    pages: createPages({ name: hostOf(issuer), ...config.pages }),
    logger: config.logger ?? jsonLogger(),
    clock: config.clock ?? systemClock,
  }
  if (settings.maxStaleness <= settings.pollInterval)
    report('revocations.maxStaleness', 'must be longer than the pollInterval')
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(settings)
}

type Report = (path: string, message: string) => void

function resolveIssuer(
  issuer: unknown,
  report: Report,
): { issuer: string; basePath: string; isSecure: boolean } {
  const nowhere = { issuer: 'http://127.0.0.1', basePath: '', isSecure: false }
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) {
    report('issuer', 'must be an absolute URL, such as https://example.com')
    return nowhere
  }
  const { protocol, hostname, pathname, search, hash, username } = new URL(issuer)
  if (search || hash || username || issuer.includes('?') || issuer.includes('#')) {
    report('issuer', 'must have no query, no fragment and no user name (RFC 8414 section 2)')
  }
  if (issuer.endsWith('/')) report('issuer', 'must not end with a slash')
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname))) {
    report('issuer', 'must use https; http is for loopback addresses only')
  }
  if (/[\s"\\]/.test(issuer)) report('issuer', 'must hold no space, quote or backslash')
  return { issuer, basePath: pathname === '/' ? '' : pathname, isSecure: protocol === 'https:' }
}

const hostOf = (issuer: string): string => new URL(issuer).host

function resolvePrefix(prefix: string, report: Report): string {
  if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(prefix))
    report('prefix', 'must begin with a slash and not end with one: /oauth')
  return prefix
}

function resolveDuration(path: string, value: Duration, report: Report): number {
  const milliseconds = parseDuration(value)
  if (milliseconds === undefined || milliseconds === 0) {
    report(path, "must be a duration such as '15m', '12h', '30d', or a number of seconds")
  }
  return milliseconds ?? 0
}

function resolveGrants(grants: readonly Grant[] | undefined, report: Report): ReadonlyMap<string, Grant> {
  const byType = new Map<string, Grant>()
  for (const [index, grant] of (grants ?? []).entries()) {
    if (byType.has(grant.type)) report(`grants[${index}]`, `is the second grant of type ${grant.type}`)
    byType.set(grant.type, grant)
  }
  if (byType.size === 0) report('grants', 'must list at least one grant, such as authorizationCode()')
  if (byType.size === 1 && byType.has('refresh_token'))
    report('grants', 'refreshToken() needs a grant that begins something')
  const lifetime = (byType.get('client_credentials') as { options?: { lifetime?: Duration } } | undefined)
    ?.options?.lifetime
  if (lifetime !== undefined) resolveDuration('grants: clientCredentials lifetime', lifetime, report)
  return byType
}

const codeGrantOf = (grants: ReadonlyMap<string, Grant>): AuthorizationCodeGrant | undefined =>
  grants.get('authorization_code') as AuthorizationCodeGrant | undefined

function resolveRefresh(grants: ReadonlyMap<string, Grant>, report: Report): RefreshPolicy | undefined {
  const grant = grants.get('refresh_token') as RefreshTokenGrant | undefined
  if (!grant) return undefined
  const { lifetime, maximumLifetime, graceWindow = '60s', rotation = 'always' } = grant.options
  const grace = parseDuration(graceWindow)
  if (grace === undefined) report('grants: refreshToken graceWindow', 'must be a duration; 0 turns it off')
  return {
    lifetime: resolveDuration('grants: refreshToken lifetime', lifetime ?? '30d', report),
    maximum:
      maximumLifetime === undefined
        ? null
        : resolveDuration('grants: refreshToken maximumLifetime', maximumLifetime, report),
    graceWindow: grace ?? 0,
    rotation: oneOf('grants: refreshToken rotation', rotation, ['always', 'public'], report),
  }
}

function resolveScopeRules({ scopes, defaultScopes = [] }: Config, report: Report): ScopeRules {
  const defined = new Set(Object.keys(scopes ?? {}))
  for (const scope of defined) {
    if (scope === '*') report('scopes', '* stands for every scope and cannot be defined')
    else if (!isScopeToken(scope))
      report(`scopes[${JSON.stringify(scope)}]`, 'must be visible ASCII without space, " and \\')
    else if (typeof scopes[scope] !== 'string' || scopes[scope] === '') {
      report(`scopes[${JSON.stringify(scope)}]`, 'must be a sentence that people understand')
    }
  }
  for (const [index, scope] of defaultScopes.entries()) {
    if (!defined.has(scope)) report(`defaultScopes[${index}]`, 'is not one of the scopes')
  }
  return { defined, defaults: defaultScopes }
}

function resolveResources(
  { resources = [], audience }: Config,
  issuer: string,
  report: Report,
): readonly string[] {
  for (const [index, resource] of resources.entries()) {
    if (!URL.canParse(resource) || resource.includes('#')) {
      report(`resources[${index}]`, 'must be an absolute URI without a fragment (RFC 8707 section 2)')
    }
  }
  return [...new Set([audience ?? issuer, ...resources])]
}

function resolveProvider(provider: string, report: Report): string {
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(provider))
    report('provider', 'must be a short name in lower case, such as users')
  return provider
}

function resolveProxies(proxies: readonly string[], report: Report): readonly string[] {
  for (const [index, proxy] of proxies.entries()) {
    if (!isAddressRange(proxy))
      report(`trustedProxies[${index}]`, 'must be an address or a CIDR range: 10.0.0.0/8')
  }
  return proxies
}

function resolveLimit(
  path: string,
  { failures, window }: Partial<FailureLimit> = {},
  usualFailures: number,
  usualWindow: Duration,
  report: Report,
): { failures: number; window: number } {
  return {
    failures: positive(`${path}.failures`, failures ?? usualFailures, report),
    window: resolveDuration(`${path}.window`, window ?? usualWindow, report),
  }
}

function resolveSecrets(secrets: Config['secrets'] | undefined, report: Report): SecretsSource {
  if (secrets && 'load' in secrets) return secrets
  if (!secrets) report('secrets', "is missing: write secretsFromDirectory('./secrets')")
  const given = secrets ?? { signingKeys: [], secrets: [] }
  return { description: 'the configuration', load: async () => given }
}

function checkStore({ store, users }: Partial<Config>, report: Report): void {
  if (typeof store?.migrate !== 'function') report('store', "is missing: write sqlite('data.db')")
  if (typeof users === 'function') return
  if (typeof users?.find !== 'function')
    report('users.find', 'is missing: write users: builtInUsers(), or look people up yourself')
  if (typeof users?.findByUsername !== 'function') report('users.findByUsername', 'is missing')
  if (typeof users?.verifyPassword !== 'function') report('users.verifyPassword', 'is missing')
}

function positive(path: string, value: number, report: Report): number {
  if (!Number.isSafeInteger(value) || value < 1) report(path, 'must be a whole number of at least 1')
  return value
}

function oneOf<Value extends string>(
  path: string,
  value: Value,
  values: readonly Value[],
  report: Report,
): Value {
  if (!values.includes(value)) report(path, `must be one of ${values.join(', ')}`)
  return value
}
