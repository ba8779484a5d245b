import { isLoopbackHost } from '../lib/address.ts'
import type { Client } from './client.ts'
import type { ResponseMode } from './response-type.ts'

const FORBIDDEN_SCHEMES = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'ws:',
  'wss:',
])

/** The characters of RFC 3986 section 2: no spaces, control characters or backslashes, and only ASCII. */
const URI_CHARACTERS = /^[!#-;=?-[\]_a-z~]+$/

/**
 * Returns why a redirect URI cannot be registered, or undefined if it can (RFC 6749 section 3.1.2, RFC 8252 section 7). It
 * must be absolute, without a fragment or userinfo, and use https, http on a loopback address or, for public clients, a
 * private-use scheme.
 */
export function redirectUriProblem(uri: string, type: Client['type']): string | undefined {
  if (!URL.canParse(uri) || !URI_CHARACTERS.test(uri))
    return 'must be an absolute URI in ASCII, without spaces'
  const url = new URL(uri)
  if (uri.includes('#')) return 'must not have a fragment'
  if (uri.includes('*')) return 'must be an exact URI, without wildcards'
  if (url.username || url.password) return 'must not contain a user name or password'
  if (FORBIDDEN_SCHEMES.has(url.protocol)) return `must not use the scheme ${url.protocol}`
  if (url.protocol === 'https:' || url.protocol === 'http:') return webProblem(uri, url)
  if (type === 'confidential') return 'must use https: only public clients can use a private-use scheme'
  return url.protocol.includes('.')
    ? undefined
    : 'must use a scheme that contains a dot, such as com.example.app:'
}

/** URL parsers accept `https:app.example`, `https:///`, `@` and `127.1`, and browsers may disagree on their meaning. */
function webProblem(uri: string, { protocol, hostname }: URL): string | undefined {
  const origin = `${protocol}//${hostname}`
  const isPlain = uri.startsWith(origin) && /^(?::\d+)?(?:[/?]|$)/.test(uri.slice(origin.length))
  if (!isPlain) return 'must have the scheme and host in lower case, after two slashes'
  return protocol === 'https:' || isLoopbackHost(hostname)
    ? undefined
    : 'must use https (http is allowed for localhost only)'
}

/**
 * Returns whether a requested redirect URI is registered for the client. It must be identical, except for the port on a
 * loopback address, where native apps listen on a random port (RFC 8252 section 7.3). For `localhost`, which depends on
 * name resolution, only public clients may vary the port.
 */
export const isRegisteredRedirectUri = (client: Client, requested: string): boolean =>
  client.redirectUris.some(
    (registered) => registered === requested || isSameExceptPort(client, registered, requested),
  )

function isSameExceptPort(client: Client, registered: string, requested: string): boolean {
  const pattern = loopbackParts(registered)
  const candidate = loopbackParts(requested)
  if (!pattern || !candidate || !URL.canParse(requested)) return false
  if (pattern.host === 'localhost' && client.type !== 'public') return false
  return pattern.host === candidate.host && pattern.rest === candidate.rest
}

/** Splits the text itself, because URL parsers normalize (`..`, `\`, upper case), which attackers can exploit. */
function loopbackParts(uri: string): { host: string; rest: string } | undefined {
  const parts = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?(?=[/?]|$)([!-~]*)$/.exec(uri)
  return parts?.[1] === undefined || parts[2] === undefined ? undefined : { host: parts[1], rest: parts[2] }
}

/** Returns the origin (`https://app.example`) of a redirect URI, or undefined for a private-use scheme. */
export function originOf(uri: string): string | undefined {
  const { protocol, origin } = new URL(uri)
  return protocol === 'https:' || protocol === 'http:' ? origin : undefined
}

/** Adds response parameters to the query of a redirect URI (RFC 6749 section 4.1.2), or as its fragment (section 4.2.2). */
export function withResponse(
  uri: string,
  response: Readonly<Record<string, string | undefined>>,
  mode: ResponseMode = 'query',
): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(response)) if (value !== undefined) parameters.set(name, value)
  if (mode === 'fragment') return `${uri}#${parameters.toString()}`
  return `${uri}${uri.includes('?') ? '&' : '?'}${parameters.toString()}`
}
