import { basePathOf, issuerProblems } from '../model/issuer.ts'
import type { Validator } from '../lib/validator.ts'
import type { CookiePolicy } from '../sessions/cookies.ts'

/** What follows from the issuer. */
export interface IssuerSettings {
  readonly issuer: string
  /** The path of the issuer without a trailing slash: empty, or `/tenant`. */
  readonly basePath: string
  readonly cookies: CookiePolicy
}

export function resolveIssuer(issuer: unknown, validator: Validator): IssuerSettings {
  for (const problem of issuerProblems(issuer)) validator.problem('issuer', problem)
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) {
    return { issuer: 'http://127.0.0.1', basePath: '', cookies: { prefix: '', suffix: '', isSecure: false } }
  }
  const isSecure = new URL(issuer).protocol === 'https:'
  const basePath = basePathOf(issuer)
  const suffix = basePath.replaceAll(/[^A-Za-z0-9-]/g, '_')
  return { issuer, basePath, cookies: { prefix: isSecure ? '__Host-' : '', suffix, isSecure } }
}

export function resolvePrefix(prefix: string, validator: Validator): string {
  const isPath = /^(\/[A-Za-z0-9._~-]+)+$/.test(prefix)
  if (!isPath) validator.problem('prefix', "must start with a slash and not end with one, such as '/oauth'")
  return prefix
}
