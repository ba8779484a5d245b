/** The attributes of a cookie. `HttpOnly`, `SameSite=Lax` and `Path=/` are always set. */
export interface CookieOptions {
  /** Seconds; 0 deletes the cookie. If omitted, it lasts until the browser closes. */
  readonly maxAge?: number
  /** Off only if the issuer is http on a loopback address. */
  readonly secure: boolean
}

/** Returns the value of a cookie, or of the first with this name (RFC 6265 section 5.4). */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (!header) return undefined
  const prefix = `${name}=`
  const pair = header
    .split(';')
    .map(trim)
    .find((part) => part.startsWith(prefix))
  return pair?.slice(prefix.length) || undefined
}

/**
 * Strips spaces and tabs only: stripping Unicode spaces would let a script set `\u2000__Host-…`, past the rules of the
 * prefix. Not a regular expression, which would take seconds on ten thousand spaces.
 */
function trim(text: string): string {
  let [start, end] = [0, text.length]
  while (isBlank(text[start])) start += 1
  while (end > start && isBlank(text[end - 1])) end -= 1
  return text.slice(start, end)
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t'

/** Returns a `Set-Cookie` header. The value is not escaped; ours are base64url. */
export function writeCookie(name: string, value: string, { maxAge, secure }: CookieOptions): string {
  const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}${secure ? '; Secure' : ''}`
}
