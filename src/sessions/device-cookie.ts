import { readCookie } from '../lib/cookie.ts'
import { cookieName, type CookieExchange, type CookiePolicy } from './cookies.ts'
import { DEVICE_TOKEN_LIFETIME, type DeviceTokens } from './device-tokens.ts'

/** The device tokens of browsers, which keep them in a cookie. */
export interface DeviceCookies {
  /** Returns the device token of a browser, unchecked. */
  read(exchange: CookieExchange): string | undefined
  /** Adds the user to the cookie, or extends their entry. Call it after each successful sign-in or password reset. */
  remember(exchange: CookieExchange, subject: string): void
}

/** Creates the device cookies of one issuer. */
export function createDeviceCookies(
  tokens: Pick<DeviceTokens, 'remember'>,
  cookies: CookiePolicy,
): DeviceCookies {
  const name = cookieName(cookies, 'device')
  const read: DeviceCookies['read'] = ({ request }) => readCookie(request.header('cookie'), name)
  return {
    read,
    remember(exchange, subject) {
      const value = tokens.remember(read(exchange), subject)
      exchange.newCookies.set(name, { value, maxAge: DEVICE_TOKEN_LIFETIME })
    },
  }
}
