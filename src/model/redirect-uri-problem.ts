import { isLoopbackHost } from '../lib/address.ts'
import type { Client } from './client.ts'

/** Longer than any real redirect URI. Servers and proxies limit headers, and the response adds parameters. */
const MAX_LENGTH = 2000

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

/** Clients would read these from the registered query in place of the response (RFC 6749 section 4.1.2, RFC 9207). */
const RESPONSE_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'] as const

type Check = readonly [message: string, isWrong: (uri: string) => boolean]

/** What RFC 3986 section 2 does not allow in the text of a URI. */
const TEXT_CHECKS: readonly Check[] = [
  ['must not be empty', (uri) => uri.trim() === ''],
  [`must have at most ${MAX_LENGTH.toLocaleString('en')} characters`, (uri) => uri.length > MAX_LENGTH],
  ['must not start or end with a space', (uri) => uri !== uri.trim()],
  ['must not contain control characters', (uri) => /\p{Cc}/u.test(uri)],
  ['must not contain spaces: write %20', (uri) => /\s/.test(uri)],
  [
    'must contain only ASCII: write a host in its xn-- form, and encode other characters with %',
    (uri) => /[^!-~]/.test(uri),
  ],
  ['must not contain backslashes', (uri) => uri.includes('\\')],
  ['must not contain any of " < > ^ ` { | }: encode them with %', (uri) => /["<>^`{|}]/.test(uri)],
  ['must have two hexadecimal digits after each %', (uri) => /%(?![\da-f]{2})/i.test(uri)],
  ['must not have a fragment', (uri) => uri.includes('#')],
  ['must be an exact URI, without wildcards', (uri) => uri.includes('*')],
  [
    'must be an absolute URI, such as https://app.example/callback',
    (uri) => !/^[a-z][a-z0-9+.-]*:/i.test(uri),
  ],
]

/**
 * Returns why a redirect URI cannot be registered, or undefined if it can (RFC 6749 section 3.1.2, RFC 8252 section 7). It
 * must be absolute, without a fragment or userinfo, and use https, http on a loopback address or, for public clients, a
 * private-use scheme.
 */
export function redirectUriProblem(uri: string, type: Client['type']): string | undefined {
  const text = TEXT_CHECKS.find(([, isWrong]) => isWrong(uri))
  if (text) return text[0]
  const scheme = uri.slice(0, uri.indexOf(':') + 1).toLowerCase()
  if (FORBIDDEN_SCHEMES.has(scheme)) return `must not use the scheme ${scheme}`
  if (hasUserinfo(uri)) return 'must not contain a user name or password'
  return (isWeb(scheme) ? webProblem(uri) : appProblem(uri, scheme, type)) ?? queryProblem(uri)
}

const isWeb = (scheme: string): boolean => scheme === 'https:' || scheme === 'http:'

const hasUserinfo = (uri: string): boolean => /^[^/?]*:\/\/[^/?]*@/.test(uri)

/** URL parsers accept `https:app.example`, `https:///` and `127.1`, and browsers may disagree on their meaning. */
function webProblem(uri: string): string | undefined {
  if (!/^https?:\/\/(?!\/)/i.test(uri)) return 'must have two slashes after the scheme'
  if (!URL.canParse(uri)) return 'must have a valid host and port'
  const { protocol, hostname } = new URL(uri)
  const written = /^[^:]*:\/\/[^/?]*/.exec(uri)?.[0] ?? ''
  if (written !== written.toLowerCase()) return 'must have the scheme and host in lower case'
  if (!/^(?::\d+)?$/.test(written.replace(`${protocol}//${hostname}`, '')))
    return 'must have the host as browsers show it, such as app.example or 127.0.0.1'
  return protocol === 'https:' || isLoopbackHost(hostname)
    ? undefined
    : 'must use https (http is allowed for localhost only)'
}

/** Another app can claim a scheme. With a domain in it, as in RFC 8252 section 7.1, two apps have the same one only on purpose. */
function appProblem(uri: string, scheme: string, type: Client['type']): string | undefined {
  if (!URL.canParse(uri)) return 'must have a valid host and port'
  if (type === 'confidential') return 'must use https: only public clients can use a private-use scheme'
  return scheme.includes('.') ? undefined : 'must use a scheme that contains a dot, such as com.example.app:'
}

function queryProblem(uri: string): string | undefined {
  const { searchParams } = new URL(uri)
  const name = RESPONSE_PARAMETERS.find((parameter) => searchParams.has(parameter))
  return name && `must not have the query parameter ${name}, which the server adds`
}
