import { issuerProblems } from '../model/issuer.ts'
import type { Validator } from '../lib/validator.ts'
import type { CookiePolicy } from '../sessions/cookies.ts'

/** Where the server lives. */
export interface IssuerSettings {
  readonly issuer: string
  /** The issuer's path without a trailing slash: empty, or `/tenant`. */
  readonly basePath: string
  readonly cookies: CookiePolicy
}

/** Checks the issuer (RFC 8414 section 2): https, or http where nobody can listen in. */
export function resolveIssuer(issuer: unknown, validator: Validator): IssuerSettings {
  for (const problem of issuerProblems(issuer)) validator.problem('issuer', problem)
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) {
    return { issuer: 'http://127.0.0.1', basePath: '', cookies: { prefix: '', suffix: '', isSecure: false } }
  }
  const { protocol, pathname } = new URL(issuer)
  const isSecure = protocol === 'https:'
  const basePath = pathname === '/' ? '' : pathname
  const suffix = basePath.replaceAll(/[^A-Za-z0-9-]/g, '_')
  return { issuer, basePath, cookies: { prefix: isSecure ? '__Host-' : '', suffix, isSecure } }
}

/** Checks the beginning of the OAuth endpoints' paths. */
export function resolvePrefix(prefix: string, validator: Validator): string {
  const isPath = /^(\/[A-Za-z0-9._~-]+)+$/.test(prefix)
  if (!isPath) validator.problem('prefix', 'must begin with a slash and not end with one: /oauth')
  return prefix
}
