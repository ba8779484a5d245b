import { randomBase64url } from '../../src/lib/hash.ts'
import { openBrowser } from './browser.ts'
import type { Browser } from './browser.ts'
import type { Shop } from './shop.ts'

/** Opens a browser in which a user is signed in to the shop, but unknown to the server yet. */
export function openShopBrowser(shop: Shop, userId?: string): Browser {
  const browser = openBrowser(shop.server)
  if (userId !== undefined) enterShop(shop, browser, userId)
  return browser
}

/** Signs a user in to the shop, in a new session of the shop. Returns its ID. */
export function enterShop(shop: Shop, browser: Browser, userId: string): string {
  const id = randomBase64url(16)
  shop.sessions.set(id, { userId, signedInAt: shop.server.clock.now() })
  browser.setCookie('shop', id)
  return id
}

/** Returns the value of the cookie `shop`. */
export const shopSessionOf = ({ cookies }: Browser): string => cookies.get('shop') ?? ''

/** Signs the user of a browser in again, in the same session of the shop, one second later. */
export function signInAgain(shop: Shop, browser: Browser): void {
  shop.server.clock.advance('1s')
  const session = shop.sessions.get(shopSessionOf(browser))
  if (session) session.signedInAt = shop.server.clock.now()
  shop.server.clock.advance('1s')
}
