import type { Client } from './client.ts'
import type { ResponseMode } from './response-type.ts'

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
