import { writeCookie, type CookieOptions } from '../lib/cookie.ts'
import type { PartialRequest } from '../lib/fetch-request.ts'

/** How the cookies of a server are named and set. */
export interface CookiePolicy {
  /** `__Host-` over https; empty on loopback http, where browsers reject the prefix. */
  readonly prefix: '__Host-' | ''
  /** Keeps issuers with different paths on one host apart; empty for an issuer without a path. */
  readonly suffix: string
  readonly isSecure: boolean
}

/** A cookie to set. `maxAge` in seconds: 0 deletes the cookie, undefined keeps it until the browser is closed. */
export interface NewCookie extends Omit<CookieOptions, 'secure'> {
  readonly value: string
  readonly maxAge?: number
}

/** A request, and the cookies that its response will set, by name. */
export interface CookieExchange {
  readonly request: PartialRequest
  readonly newCookies: Map<string, NewCookie>
  /** The IP address of the browser. Empty if unknown. */
  readonly address: string
  readonly requestId: string
}

/** Returns the full name of a cookie: `session` is `__Host-consulate_session` on an issuer without a path. */
export const cookieName = ({ prefix, suffix }: CookiePolicy, name: string): string =>
  `${prefix}consulate_${name}${suffix}`

/** Returns the name of a provider's session cookie. */
export const sessionCookieName = (cookies: CookiePolicy, provider: string, defaultProvider: string): string =>
  cookieName(cookies, 'session') + endingOf(provider, defaultProvider)

/** Returns the name of a provider's API cookie. */
export const apiCookieName = (cookies: CookiePolicy, provider: string, defaultProvider: string): string =>
  cookieName(cookies, 'api') + endingOf(provider, defaultProvider)

/** Keeps the cookies of providers apart. */
export const endingOf = (provider: string, defaultProvider: string): string =>
  provider === defaultProvider ? '' : `.${provider}`

/** Returns the `Set-Cookie` values of a response. */
export const setCookieHeaders = (
  { newCookies }: CookieExchange,
  { isSecure }: CookiePolicy,
): readonly string[] =>
  Array.from(newCookies, ([name, { value, ...options }]) =>
    writeCookie(name, value, { ...options, secure: isSecure }),
  )
