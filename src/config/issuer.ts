import { isLoopbackHost } from '../lib/address.ts'
import type { CookiePolicy } from '../sessions/csrf.ts'
import type { Report } from './report.ts'

/** Where the server lives. */
export interface IssuerSettings {
  readonly issuer: string
  /** The issuer's path without a trailing slash: empty, or `/tenant`. */
  readonly basePath: string
  readonly cookies: CookiePolicy
}

/** Checks the issuer (RFC 8414 section 2): https, or http where nobody can listen in. */
export function resolveIssuer(issuer: unknown, report: Report): IssuerSettings {
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) {
    report.problem('issuer', 'must be an absolute URL, such as https://example.com')
    return { issuer: 'http://127.0.0.1', basePath: '', cookies: { prefix: '', isSecure: false } }
  }
  const { protocol, hostname, pathname } = new URL(issuer)
  const isSecure = protocol === 'https:'
  for (const problem of problemsOf(issuer)) report.problem('issuer', problem)
  if (!isSecure && !(protocol === 'http:' && isLoopbackHost(hostname))) {
    report.problem('issuer', 'must use https; http is for loopback addresses only')
  }
  const cookies: CookiePolicy = { prefix: isSecure ? '__Host-' : '', isSecure }
  return { issuer, basePath: pathname === '/' ? '' : pathname, cookies }
}

const problemsOf = (issuer: string): readonly string[] => [
  ...(/[?#@]/.test(issuer) ? ['must have no query, no fragment and no user name'] : []),
  ...(issuer.endsWith('/') ? ['must not end with a slash'] : []),
  ...(/[^!-~]|["\\]/.test(issuer) ? ['must be visible ASCII without quotes and backslashes'] : []),
]

/** Checks the beginning of the OAuth endpoints' paths. */
export function resolvePrefix(prefix: string, report: Report): string {
  const isPath = /^(\/[A-Za-z0-9._~-]+)+$/.test(prefix)
  if (!isPath) report.problem('prefix', 'must begin with a slash and not end with one: /oauth')
  return prefix
}
