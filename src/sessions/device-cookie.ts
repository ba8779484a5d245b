import type { Clock } from '../lib/clock.ts'
import { readCookie } from '../lib/cookie.ts'
import { hmac, isEqualInConstantTime, randomBase64url } from '../lib/hash.ts'
import { normalizeAccount } from '../throttle/throttle.ts'
import { cookieName, type CookieExchange, type CookiePolicy } from './cookies.ts'

/**
 * Recognizes browsers that have signed in to an account before (OWASP, "Slow Down Online Guessing Attacks with Device
 * Cookies"). Their failed attempts are counted separately, so that strangers cannot lock a user out.
 *
 * The cookie has one entry per account: an id, a time, and a MAC over both and the account. It does not contain the account,
 * so a thief cannot tell whose it is, and it is worth nothing for another account.
 */
export interface DeviceCookies {
  /** Returns the id that this browser has for an account; undefined if it has not signed in to the account before. */
  find(exchange: CookieExchange, account: string): string | undefined
  /** Adds the account to the cookie, or extends its entry. Call it after each successful sign-in. */
  remember(exchange: CookieExchange, account: string): void
}

/** What device cookies are made with. */
export interface DeviceCookieOptions {
  /** The first one signs. The others are earlier keys, so that browsers stay known when the root secret is rotated. */
  readonly keys: readonly [Buffer, ...Buffer[]]
  readonly cookies: CookiePolicy
  readonly clock: Clock
}

interface Entry {
  readonly id: string
  /** Seconds since 1970. */
  readonly issuedAt: string
  readonly mac: string
}

/** Seconds: half a year without a sign-in. */
const LIFETIME = 180 * 86_400
/** The accounts that one browser is known for. The least recently used one is dropped. */
const MAX_ENTRIES = 5
const ENTRY = /([\w-]{22})\.(\d{1,11})\.([\w-]{43})/g

/** Creates the device cookies of one issuer. */
export function createDeviceCookies({ keys, cookies, clock }: DeviceCookieOptions): DeviceCookies {
  const name = cookieName(cookies, 'device')
  const nowInSeconds = (): number => Math.floor(clock.now() / 1000)
  const read = ({ request }: CookieExchange): readonly Entry[] =>
    parse(readCookie(request.header('cookie'), name)).filter(
      ({ issuedAt }) => Number(issuedAt) + LIFETIME > nowInSeconds(),
    )
  const macOf = (key: Buffer, { id, issuedAt }: Omit<Entry, 'mac'>, accountHash: string): string =>
    hmac(key, `${id}.${issuedAt}.${accountHash}`)
  const findEntry = (entries: readonly Entry[], accountHash: string): Entry | undefined =>
    entries.find((entry) =>
      keys.some((key) => isEqualInConstantTime(entry.mac, macOf(key, entry, accountHash))),
    )
  return {
    find: (exchange, account) => findEntry(read(exchange), normalizeAccount(account))?.id,
    remember(exchange, account) {
      const [entries, accountHash] = [read(exchange), normalizeAccount(account)]
      const known = findEntry(entries, accountHash)
      // The id stays, and with it the count of failures: a new one would give a thief of the old one a limit of its own.
      const fields = { id: known?.id ?? randomBase64url(16), issuedAt: String(nowInSeconds()) }
      const entry = { ...fields, mac: macOf(keys[0], fields, accountHash) }
      const others = entries.filter((other) => other !== known)
      exchange.newCookies.set(name, { value: format([entry, ...others]), maxAge: LIFETIME })
    },
  }
}

const parse = (text = ''): readonly Entry[] =>
  Array.from(text.matchAll(ENTRY), ([, id = '', issuedAt = '', mac = '']) => ({ id, issuedAt, mac })).slice(
    0,
    MAX_ENTRIES,
  )

const format = (entries: readonly Entry[]): string =>
  entries
    .slice(0, MAX_ENTRIES)
    .map(({ id, issuedAt, mac }) => `${id}.${issuedAt}.${mac}`)
    .join('.')
