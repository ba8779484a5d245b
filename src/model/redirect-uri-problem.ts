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

/** Every reason why redirect URIs cannot be registered, in English. `#` stands for a value. */
export const REDIRECT_URI_PROBLEMS = {
  empty: 'must not be empty',
  tooLong: 'must have at most # characters',
  outerSpace: 'must not start or end with a space',
  control: 'must not contain control characters',
  space: 'must not contain spaces: write %20',
  notAscii: 'must contain only ASCII: write a host in its xn-- form, and encode other characters with %',
  backslash: 'must not contain backslashes',
  unencoded: 'must not contain any of " < > ^ ` { | }: encode them with %',
  percent: 'must have two hexadecimal digits after each %',
  fragment: 'must not have a fragment',
  wildcard: 'must be an exact URI, without wildcards',
  relative: 'must be an absolute URI, such as https://app.example/callback',
  scheme: 'must not use the scheme #',
  userinfo: 'must not contain a user name or password',
  slashes: 'must have two slashes after the scheme',
  host: 'must have a valid host and port',
  upperCase: 'must have the scheme and host in lower case',
  hostForm: 'must have the host as browsers show it, such as app.example or 127.0.0.1',
  http: 'must use https (http is allowed for localhost only)',
  privateScheme: 'must use https: only public clients can use a private-use scheme',
  schemeWithoutDot: 'must use a scheme that contains a dot, such as com.example.app:',
  responseParameter: 'must not have the query parameter #, which the server adds',
  none: 'must contain at least one URI',
  tooMany: 'must contain at most # URIs',
  onlyDevices: 'must be empty, because this server has only the device flow',
} as const

/** A reason why redirect URIs cannot be registered. */
export type RedirectUriProblem = keyof typeof REDIRECT_URI_PROBLEMS

/** Returns the English message for a problem. */
export const redirectUriMessage = (problem: RedirectUriProblem, value: string | number = ''): string =>
  REDIRECT_URI_PROBLEMS[problem].replace('#', String(value))

/** Returns the problem of an English message, and the value in it, so that it can be translated. */
export function findRedirectUriProblem(
  message: string,
): { readonly problem: RedirectUriProblem; readonly value: string } | undefined {
  for (const [problem, text] of Object.entries(REDIRECT_URI_PROBLEMS)) {
    const [before = '', after] = text.split('#')
    const isMatch =
      after === undefined ? message === text : message.startsWith(before) && message.endsWith(after)
    const value = after === undefined ? '' : message.slice(before.length, message.length - after.length)
    if (isMatch) return { problem: problem as RedirectUriProblem, value }
  }
  return undefined
}

type Check = readonly [problem: RedirectUriProblem, isWrong: (uri: string) => boolean]

/** What RFC 3986 section 2 does not allow in the text of a URI. */
const TEXT_CHECKS: readonly Check[] = [
  ['empty', (uri) => uri.trim() === ''],
  ['tooLong', (uri) => uri.length > MAX_LENGTH],
  ['outerSpace', (uri) => uri !== uri.trim()],
  ['control', (uri) => /\p{Cc}/u.test(uri)],
  ['space', (uri) => /\s/.test(uri)],
  ['notAscii', (uri) => /[^!-~]/.test(uri)],
  ['backslash', (uri) => uri.includes('\\')],
  ['unencoded', (uri) => /["<>^`{|}]/.test(uri)],
  ['percent', (uri) => /%(?![\da-f]{2})/i.test(uri)],
  ['fragment', (uri) => uri.includes('#')],
  ['wildcard', (uri) => uri.includes('*')],
  ['relative', (uri) => !/^[a-z][a-z0-9+.-]*:/i.test(uri)],
]

/**
 * Returns why a redirect URI cannot be registered, or undefined if it can (RFC 6749 section 3.1.2, RFC 8252 section 7). It
 * must be absolute, without a fragment or userinfo, and use https, http on a loopback address or, for public clients, a
 * private-use scheme.
 */
export function redirectUriProblem(uri: string, type: Client['type']): string | undefined {
  const text = TEXT_CHECKS.find(([, isWrong]) => isWrong(uri))
  if (text) return redirectUriMessage(text[0], MAX_LENGTH.toLocaleString('en'))
  const scheme = uri.slice(0, uri.indexOf(':') + 1).toLowerCase()
  if (FORBIDDEN_SCHEMES.has(scheme)) return redirectUriMessage('scheme', scheme)
  if (hasUserinfo(uri)) return REDIRECT_URI_PROBLEMS.userinfo
  return (isWeb(scheme) ? webProblem(uri) : appProblem(uri, scheme, type)) ?? queryProblem(uri)
}

const isWeb = (scheme: string): boolean => scheme === 'https:' || scheme === 'http:'

const hasUserinfo = (uri: string): boolean => /^[^/?]*:\/\/[^/?]*@/.test(uri)

/** URL parsers accept `https:app.example`, `https:///` and `127.1`, and browsers may disagree on their meaning. */
function webProblem(uri: string): string | undefined {
  if (!/^https?:\/\/(?!\/)/i.test(uri)) return REDIRECT_URI_PROBLEMS.slashes
  if (!URL.canParse(uri)) return REDIRECT_URI_PROBLEMS.host
  const { protocol, hostname } = new URL(uri)
  const written = /^[^:]*:\/\/[^/?]*/.exec(uri)?.[0] ?? ''
  if (written !== written.toLowerCase()) return REDIRECT_URI_PROBLEMS.upperCase
  if (!/^(?::\d+)?$/.test(written.replace(`${protocol}//${hostname}`, '')))
    return REDIRECT_URI_PROBLEMS.hostForm
  return protocol === 'https:' || isLoopbackHost(hostname) ? undefined : REDIRECT_URI_PROBLEMS.http
}

/** Another app can claim a scheme. With a domain in it, as in RFC 8252 section 7.1, two apps have the same one only on purpose. */
function appProblem(uri: string, scheme: string, type: Client['type']): string | undefined {
  if (!URL.canParse(uri)) return REDIRECT_URI_PROBLEMS.host
  if (type === 'confidential') return REDIRECT_URI_PROBLEMS.privateScheme
  return scheme.includes('.') ? undefined : REDIRECT_URI_PROBLEMS.schemeWithoutDot
}

function queryProblem(uri: string): string | undefined {
  const { searchParams } = new URL(uri)
  const name = RESPONSE_PARAMETERS.find((parameter) => searchParams.has(parameter))
  return name && redirectUriMessage('responseParameter', name)
}
