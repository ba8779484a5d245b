import { readCookie, writeCookie } from '../lib/cookie.ts'
import { hmac, isEqualInConstantTime, randomBase64url } from '../lib/hash.ts'
import type { HttpRequest } from '../lib/http.ts'

type HasHeaders = Pick<HttpRequest, 'header'>

/** The anti-forgery token of a browser, and the cookie to set where the browser had none. */
export interface CsrfToken {
  readonly token: string
  readonly setCookie: string | undefined
}

/**
 * Anti-forgery tokens: the MAC of a random cookie of the browser and of the session that it is signed in to, so that a
 * form of another site, of another browser or of an earlier sign-in is refused.
 */
export interface Csrf {
  /** The token for a page that is shown to this browser. */
  tokenFor(request: HasHeaders, sessionId: string | undefined): CsrfToken
  /** Whether a posted token belongs to this browser and session, and the form to this origin. */
  isValid(request: HasHeaders, sessionId: string | undefined, token: string | undefined): boolean
}

/** How the cookies of a server are named and set. */
export interface CookiePolicy {
  /** `__Host-` over https; empty on loopback http, where browsers refuse the prefix. */
  readonly prefix: '__Host-' | ''
  /** Keeps issuers with different paths on one host apart; empty for an issuer without a path. */
  readonly suffix: string
  readonly isSecure: boolean
}

/** Makes the anti-forgery check of one issuer. */
export function createCsrf(key: Buffer, issuer: string, { prefix, suffix, isSecure }: CookiePolicy): Csrf {
  const name = `${prefix}consulate_browser${suffix}`
  const { origin } = new URL(issuer)
  const tokenOf = (browser: string, sessionId = ''): string => hmac(key, `${browser}.${sessionId}`)
  return {
    tokenFor(request, sessionId) {
      const known = readCookie(request.header('cookie'), name)
      const browser = known ?? randomBase64url(32)
      const setCookie = known ? undefined : writeCookie(name, browser, { secure: isSecure })
      return { token: tokenOf(browser, sessionId), setCookie }
    },
    isValid(request, sessionId, token) {
      const browser = readCookie(request.header('cookie'), name)
      if (!browser || !token || !isFromHere(request, origin)) return false
      return isEqualInConstantTime(token, tokenOf(browser, sessionId))
    },
  }
}

/** What browsers say of where a form came from; a client that says nothing is held to the token alone. */
function isFromHere(request: HasHeaders, origin: string): boolean {
  const site = request.header('sec-fetch-site') ?? 'none'
  return (site === 'same-origin' || site === 'none') && (request.header('origin') ?? origin) === origin
}
