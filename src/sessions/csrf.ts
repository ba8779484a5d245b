import { readCookie } from '../lib/cookie.ts'
import { hmac, isEqualInConstantTime, randomBase64url } from '../lib/hash.ts'
import type { HttpRequest } from '../lib/http.ts'
import type { Session } from '../model/session.ts'
import { cookieName, type CookieExchange, type CookiePolicy } from './cookies.ts'

/**
 * CSRF tokens. A token is the MAC of a random browser cookie and the current session, so forms of another site, another
 * browser or an earlier sign-in are rejected.
 */
export interface Csrf {
  /**
   * Returns the token for a page, and sets the browser cookie if there is none. In a session that outlives the browser, the
   * cookie does too: tabs that a browser restores together would otherwise overwrite each other's.
   */
  tokenFor(exchange: CookieExchange, session: CsrfSession | undefined): string
  /** Returns what identifies this browser in a signed value, and sets the browser cookie if there is none. */
  bindingFor(exchange: CookieExchange): string
  /** Returns whether `bindingFor` returned this value to this browser. */
  isBoundTo(exchange: CookieExchange, binding: string | undefined): boolean
  /** Returns whether a token belongs to this browser and session, and the form to this origin. */
  isValid(exchange: CookieExchange, session: CsrfSession | undefined, token: string | undefined): boolean
}

type CsrfSession = Pick<Session, 'id' | 'isPersistent'>

/** What CSRF tokens are made with. `maxAge`: of the cookie in a persistent session, in seconds. */
export interface CsrfOptions {
  readonly key: Buffer
  readonly issuer: string
  readonly cookies: CookiePolicy
  readonly maxAge: number
}

const BROWSER = /^[\w-]{43}$/

/** Creates the CSRF check of one issuer. */
export function createCsrf({ key, issuer, cookies, maxAge }: CsrfOptions): Csrf {
  const name = cookieName(cookies, 'browser')
  const { origin } = new URL(issuer)
  const readBrowser = (request: CookieExchange['request']): string | undefined => {
    const value = readCookie(request.header('cookie'), name)
    // It is set again in persistent sessions, so it must not bring anything into a header.
    return value !== undefined && BROWSER.test(value) ? value : undefined
  }
  const toToken = (browser: string, session: CsrfSession | undefined): string =>
    hmac(key, `${browser}.${session?.id ?? ''}`)
  const toBinding = (browser: string): string => hmac(key, `return-to ${browser}`)
  return {
    tokenFor(exchange, session) {
      const known = readBrowser(exchange.request)
      const value = known ?? randomBase64url(32)
      if (session?.isPersistent) exchange.newCookies.set(name, { value, maxAge })
      else if (known === undefined) exchange.newCookies.set(name, { value })
      return toToken(value, session)
    },
    bindingFor(exchange) {
      const known = readBrowser(exchange.request)
      const value = known ?? exchange.newCookies.get(name)?.value ?? randomBase64url(32)
      if (known === undefined) exchange.newCookies.set(name, { value })
      return toBinding(value)
    },
    isBoundTo({ request }, binding) {
      const browser = readBrowser(request)
      return !!browser && !!binding && isEqualInConstantTime(binding, toBinding(browser))
    },
    isValid({ request }, session, token) {
      const browser = readBrowser(request)
      if (!browser || !token || !isSameOrigin(request, origin)) return false
      return isEqualInConstantTime(token, toToken(browser, session))
    },
  }
}

/** Browsers say where a form comes from. For a client that does not, the token alone counts. */
function isSameOrigin(request: Pick<HttpRequest, 'header'>, origin: string): boolean {
  const site = request.header('sec-fetch-site') ?? 'none'
  return (site === 'same-origin' || site === 'none') && (request.header('origin') ?? origin) === origin
}
