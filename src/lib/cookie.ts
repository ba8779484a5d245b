/** How a cookie is set. `HttpOnly`, `SameSite=Lax` and `Path=/` are always there. */
export interface CookieOptions {
  /** Seconds to live; 0 deletes it; omitted, it ends with the browser. */
  readonly maxAge?: number
  /** Only over https. On everywhere but on a loopback http issuer. */
  readonly secure: boolean
}

/** The value of the named cookie in a `Cookie` header; of several with that name, the first (RFC 6265 section 5.4). */
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
 * Spaces and tabs only: to strip Unicode's would let a script set `\u2000__Host-…` and get around the prefix. By hand: a
 * regular expression would try every one of ten thousand spaces that end nothing, for seconds.
 */
function trim(text: string): string {
  let [start, end] = [0, text.length]
  while (isBlank(text[start])) start += 1
  while (end > start && isBlank(text[end - 1])) end -= 1
  return text.slice(start, end)
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t'

/** A `Set-Cookie` header value. The value must be free of separators; ours are base64url. */
export function writeCookie(name: string, value: string, { maxAge, secure }: CookieOptions): string {
  const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}${secure ? '; Secure' : ''}`
}
