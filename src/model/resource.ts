import { isPrivateTransport } from './issuer.ts'

/** A service that accepts this issuer's tokens, as the configuration describes it. */
export interface ProtectedResource {
  /** Its identifier, and the `aud` of its tokens (RFC 8707 section 2). */
  readonly uri: string
  /** The name that users read. */
  readonly name: string | undefined
  /** The scopes that its routes require. Undefined for all of the server's. */
  readonly scopes: readonly string[] | undefined
}

/** The path of a resource's metadata, followed by the resource's own path (RFC 9728 section 3.1). */
const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource'

/**
 * Returns whether two resource identifiers (RFC 8707) are the same. URLs are normalized before they are compared (RFC 3986
 * section 6.2.2 and 6.2.3), so that `https://api.example` is `https://api.example/`. Everything after the host counts:
 * `https://api.example/v1` is not `https://api.example/v1/`.
 */
export const isSameResource = (left: string, right: string): boolean =>
  left === right || (isUrl(left) && isUrl(right) && new URL(left).href === new URL(right).href)

/**
 * The characters of a URI (RFC 3986 section 2), with a host if it is http. `URL` alone accepts more: it drops line breaks,
 * and reads `https:api.example` and `https:\\api.example` as URLs of `api.example`.
 */
const isUrl = (text: string): boolean =>
  /^[\w!#$%&'()*+,./:;=?@~[\]-]+$/.test(text) &&
  (!/^https?:/i.test(text) || /^https?:\/\/[^/]/i.test(text)) &&
  URL.canParse(text)

/** Finds a resource in a list. Returns it as the list spells it, or undefined. */
export const findResource = (resources: readonly string[], wanted: string): string | undefined =>
  resources.find((resource) => isSameResource(resource, wanted))

/** A consent names a resource and a scope, and databases can index only so many characters. */
export const MAX_RESOURCE_LENGTH = 1000

/** Returns what is wrong with a resource identifier in a configuration (RFC 8707 section 2). */
export function resourceProblem(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || !isUrl(uri) || uri.includes('#'))
    return 'must be an absolute URI without a fragment, such as https://api.example.com'
  if (uri.length > MAX_RESOURCE_LENGTH) return `must have at most ${MAX_RESOURCE_LENGTH} characters`
  const url = new URL(uri)
  if (url.username !== '' || url.password !== '') return 'must not have a user name or password'
  return url.href === uri || url.href === `${uri}/`
    ? undefined
    : `must be written as ${withoutBareSlash(url.href)}, in its normal form`
}

const withoutBareSlash = (href: string): string => (new URL(href).pathname === '/' ? href.slice(0, -1) : href)

/**
 * Returns the URL of a resource's metadata (RFC 9728 section 3.1). Returns undefined for resources without one: those
 * that are not on the web, and those with a query, which a path cannot tell apart.
 */
export function resourceMetadataUrl(uri: string): string | undefined {
  if (resourceProblem(uri) !== undefined || uri.includes('?')) return undefined
  const url = new URL(uri)
  if (!isPrivateTransport(url)) return undefined
  return url.origin + RESOURCE_METADATA_PATH + (url.pathname === '/' ? '' : url.pathname)
}

/** The metadata of a protected resource (RFC 9728 section 2). */
export interface ResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly resource_name?: string
}

/** Describes a resource for clients that have only its URL. */
export function describeResource(
  { uri, name, scopes }: ProtectedResource,
  { issuer, scopes: all }: { readonly issuer: string; readonly scopes?: readonly string[] },
): ResourceMetadata {
  const supported = scopes ?? all
  return {
    resource: uri,
    authorization_servers: [issuer],
    ...(supported && { scopes_supported: supported }),
    bearer_methods_supported: ['header'],
    ...(name !== undefined && { resource_name: name }),
  }
}
