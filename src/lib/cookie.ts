/** The attributes of a cookie. `Path=/` is always set. */
export interface CookieOptions {
  /** True if scripts can read the cookie, so that it is not `HttpOnly`. Default false. */
  readonly isReadable?: boolean
  /** Default `Lax`. `Strict` also keeps the cookie out of requests that follow a link on another site. */
  readonly sameSite?: 'Lax' | 'Strict'
  /** The domain whose hosts all get the cookie. Default: only this host. */
  readonly domain?: string | undefined
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
export function writeCookie(name: string, value: string, options: CookieOptions): string {
  const { maxAge, secure, isReadable = false, sameSite = 'Lax', domain } = options
  const attributes = [
    `${name}=${value}`,
    'Path=/',
    domain !== undefined && `Domain=${domain}`,
    !isReadable && 'HttpOnly',
    `SameSite=${sameSite}`,
    maxAge !== undefined && `Max-Age=${maxAge}`,
    secure && 'Secure',
  ]
  return attributes.filter((attribute) => attribute !== false).join('; ')
}
