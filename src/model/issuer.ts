import { isLoopbackHost } from '../lib/address.ts'

/** The path of an issuer's metadata, followed by the issuer's own path (RFC 8414 section 3.1). */
export const METADATA_PATH = '/.well-known/oauth-authorization-server'

/** Returns whether a URL is protected in transit: https, or http on a loopback address. */
export const isPrivateTransport = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))

/** Returns the path of an issuer: empty, or `/tenant`. */
export function basePathOf(issuer: string): string {
  const { pathname } = new URL(issuer)
  return pathname === '/' ? '' : pathname
}

/** Returns what is wrong with an issuer (RFC 8414 section 2). */
export function issuerProblems(issuer: unknown): readonly string[] {
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) {
    return ['must be an absolute URL, such as https://example.com']
  }
  return [
    ...(/[?#@]/.test(issuer) ? ['must not have a query, fragment or user name'] : []),
    ...(issuer.endsWith('/') ? ['must not end with a slash'] : []),
    ...(/[^!-~]|["\\]/.test(issuer) ? ['must be printable ASCII without spaces, quotes or backslashes'] : []),
    ...(isPrivateTransport(new URL(issuer)) ? [] : ['must use https (http is allowed for localhost only)']),
  ]
}
