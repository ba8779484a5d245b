import { isLoopbackHost } from '../lib/address.ts'

/** Where the metadata of an issuer is found: this, and then the issuer's own path (RFC 8414 section 3.1). */
export const METADATA_PATH = '/.well-known/oauth-authorization-server'

/** Whether nobody can listen in: https, or http that does not leave the machine. */
export const isPrivateTransport = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))

/** Everything that is wrong with an issuer (RFC 8414 section 2); the first line alone where it is no URL at all. */
export function issuerProblems(issuer: unknown): readonly string[] {
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) {
    return ['must be an absolute URL, such as https://example.com']
  }
  return [
    ...(/[?#@]/.test(issuer) ? ['must have no query, no fragment and no user name'] : []),
    ...(issuer.endsWith('/') ? ['must not end with a slash'] : []),
    ...(/[^!-~]|["\\]/.test(issuer) ? ['must be visible ASCII without quotes and backslashes'] : []),
    ...(isPrivateTransport(new URL(issuer)) ? [] : ['must use https; http is for loopback addresses only']),
  ]
}
