import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'
import { EVERY_SCOPE, type ScopeRules } from '../model/scope.ts'
import { MAX_API_COOKIE_LIFETIME } from '../model/session.ts'
import { listIn, resolveWebOrigins } from './origins.ts'

/** The cookie with which your own single-page app calls your API, without tokens in JavaScript. */
export interface ApiCookieConfig<Scope extends string = string> {
  /** How long the cookie is valid: at most 1 hour, and `sessionLifetime`. It is renewed by itself. Default `'15m'`. */
  readonly lifetime?: Duration
  /** What requests with the cookie can do. Default: every scope, as the user themself. */
  readonly scopes?: readonly (Scope | typeof EVERY_SCOPE)[]
  /**
   * The origins of your own single-page apps on other hosts of the same site, or on other ports: `['https://app.example.com']`.
   * Must use https; http is allowed for loopback addresses. Origins on other hosts need `domain`. Default: only the
   * issuer's own origin.
   */
  readonly origins?: readonly string[]
  /**
   * The domain whose hosts can read the cookie `XSRF-TOKEN`: `'example.com'`, for apps on other hosts. The API cookie
   * itself always belongs to the issuer's host. Default: only the issuer's host.
   */
  readonly domain?: string
  /** The name of the readable cookie with the CSRF token. Default `'XSRF-TOKEN'`, the name that axios and Angular expect. */
  readonly xsrfCookie?: string
}

/** The checked option. */
export interface ApiCookieSettings {
  /** In milliseconds. */
  readonly lifetime: number
  readonly scopes: readonly string[]
  /** The origins whose scripts may use the cookie, the issuer's own included. */
  readonly origins: ReadonlySet<string>
  readonly domain: string | undefined
  readonly xsrfCookie: string
}

/** What the option refers to. */
interface Context {
  readonly issuer: string
  readonly sessionLifetime: number
  readonly rules: ScopeRules
}

/** Returns undefined if the API cookie is off. */
export function resolveApiCookie(
  given: ApiCookieConfig | undefined,
  { issuer, sessionLifetime, rules }: Context,
  validator: Validator,
): ApiCookieSettings | undefined {
  if (given === undefined) return undefined
  validator.knownOptions('apiCookie', given, OPTIONS)
  const lifetime = validator.duration('apiCookie.lifetime', given.lifetime ?? '15m')
  if (lifetime > MAX_API_COOKIE_LIFETIME) validator.problem('apiCookie.lifetime', 'must be at most 1 hour')
  if (lifetime > sessionLifetime)
    validator.problem('apiCookie.lifetime', 'must not be longer than sessionLifetime')
  const { xsrfCookie = 'XSRF-TOKEN', domain } = given
  if (!isCookieName(xsrfCookie))
    validator.problem('apiCookie.xsrfCookie', "must be the name of a cookie, such as 'XSRF-TOKEN'")
  const url = new URL(issuer)
  const isDomainValid = domain === undefined || isDomainOf(domain, url.hostname)
  if (!isDomainValid)
    validator.problem(
      'apiCookie.domain',
      "must be a domain that the issuer's host is in, such as 'example.com'",
    )
  const others = resolveWebOrigins('apiCookie.origins', given.origins ?? [], validator)
  if (isDomainValid) checkHosts([...others], { host: url.hostname, domain }, validator)
  return {
    lifetime,
    scopes: resolveScopes(given.scopes ?? [EVERY_SCOPE], rules, validator),
    origins: new Set([url.origin, ...others]),
    domain,
    xsrfCookie,
  }
}

/** Scripts on other hosts cannot read the CSRF token, unless its cookie belongs to a domain that both are in. */
function checkHosts(
  origins: readonly string[],
  { host, domain }: { readonly host: string; readonly domain: string | undefined },
  validator: Validator,
): void {
  for (const [index, origin] of origins.entries()) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    // Reported already.
    if (url?.origin !== origin) continue
    const own = url.hostname
    if (own === host || (domain !== undefined && isDomainOf(domain, own))) continue
    validator.problem(
      `apiCookie.origins[${index}]`,
      'is on a host that cannot read XSRF-TOKEN. Set apiCookie.domain to a domain that it shares with the issuer',
    )
  }
}

/** Browsers reject cookies for an IP address or a domain without a dot. */
const isDomainOf = (domain: unknown, host: string): boolean =>
  typeof domain === 'string' &&
  /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain) &&
  !/^[\d.]+$/.test(domain) &&
  (host === domain || host.endsWith(`.${domain}`))

/** RFC 6265 section 4.1.1. Prefixes such as `__Host-` would rule out `domain`. */
const isCookieName = (name: unknown): boolean =>
  typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(name) && !name.startsWith('__')

function resolveScopes(
  scopes: readonly string[],
  { defined }: ScopeRules,
  validator: Validator,
): readonly string[] {
  const listed = listIn('apiCookie.scopes', scopes, validator)
  for (const [index, scope] of listed.entries()) {
    if (scope !== EVERY_SCOPE && !defined.has(scope))
      validator.problem(`apiCookie.scopes[${index}]`, 'is not defined in scopes')
  }
  return listed
}

const OPTIONS: OptionNames<ApiCookieConfig> = {
  lifetime: true,
  scopes: true,
  origins: true,
  domain: true,
  xsrfCookie: true,
}
