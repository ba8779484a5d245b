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

/** All that RFC 3986 section 2 allows: so no space, no control character, no backslash, nothing beyond ASCII. */
const URI_CHARACTERS = /^[!#-;=?-[\]_a-z~]+$/

/**
 * Why a redirect URI cannot be registered, or undefined where it can (RFC 6749 section 3.1.2, RFC 8252 section 7):
 * absolute, no fragment, no userinfo; https, or http on a loopback address, or for public clients an app's own scheme.
 */
export function redirectUriProblem(uri: string, type: Client['type']): string | undefined {
  if (!URL.canParse(uri) || !URI_CHARACTERS.test(uri))
    return 'must be an absolute URI, in ASCII without spaces'
  const url = new URL(uri)
  if (uri.includes('#')) return 'must have no fragment'
  if (uri.includes('*')) return 'must be one exact URI: wildcards are not matched'
  if (url.username || url.password) return 'must hold no user name or password'
  if (FORBIDDEN_SCHEMES.has(url.protocol)) return `must not use the scheme ${url.protocol}`
  if (url.protocol === 'https:' || url.protocol === 'http:') return webProblem(uri, url)
  if (type === 'confidential') return 'must use https: only public clients have schemes of their own'
  return url.protocol.includes('.')
    ? undefined
    : 'must use a scheme with a dot in it, such as com.example.app:'
}

/** Parsers forgive `https:app.example`, `https:///`, `@` and `127.1`; what a browser then does with them is a guess. */
function webProblem(uri: string, { protocol, hostname }: URL): string | undefined {
  const origin = `${protocol}//${hostname}`
  const isPlain = uri.startsWith(origin) && /^(?::\d+)?(?:[/?]|$)/.test(uri.slice(origin.length))
  if (!isPlain) return 'must spell scheme and host as browsers do: lower case, after two slashes'
  return protocol === 'https:' || isLoopbackHost(hostname)
    ? undefined
    : 'must use https (http is allowed for localhost only)'
}

/**
 * Whether a requested redirect URI is one of the client's: equal to the letter, or equal but for the port on loopback,
 * where a native app listens on whatever port it gets (RFC 8252 section 7.3). `localhost`, which a name server answers
 * for, has that freedom for public clients only.
 */
export const isRegisteredRedirectUri = (client: Client, requested: string): boolean =>
  client.redirectUris.some(
    (registered) => registered === requested || isSameButPort(client, registered, requested),
  )

function isSameButPort(client: Client, registered: string, requested: string): boolean {
  const pattern = loopbackParts(registered)
  const candidate = loopbackParts(requested)
  if (!pattern || !candidate || !URL.canParse(requested)) return false
  if (pattern.host === 'localhost' && client.type !== 'public') return false
  return pattern.host === candidate.host && pattern.rest === candidate.rest
}

/** Read from the text itself: URL parsers forgive (`..`, `\`, upper case), and an attacker lives from that. */
function loopbackParts(uri: string): { host: string; rest: string } | undefined {
  const parts = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?(?=[/?]|$)([!-~]*)$/.exec(uri)
  return parts?.[1] === undefined || parts[2] === undefined ? undefined : { host: parts[1], rest: parts[2] }
}

/** The origin (`https://app.example`) of a web redirect URI; undefined for an app's own scheme. */
export function originOf(uri: string): string | undefined {
  const { protocol, origin } = new URL(uri)
  return protocol === 'https:' || protocol === 'http:' ? origin : undefined
}

/** The redirect URI with answer parameters added to its query (RFC 6749 section 4.1.2), or as its fragment (4.2.2). */
export function withResponse(
  uri: string,
  answer: Readonly<Record<string, string | undefined>>,
  mode: ResponseMode = 'query',
): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(answer)) if (value !== undefined) parameters.set(name, value)
  if (mode === 'fragment') return `${uri}#${parameters.toString()}`
  return `${uri}${uri.includes('?') ? '&' : '?'}${parameters.toString()}`
}
