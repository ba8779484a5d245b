import type { Clock } from '../lib/clock.ts'
import { readCookie } from '../lib/cookie.ts'
import { hmac, isEqualInConstantTime, randomBase64url, sha256 } from '../lib/hash.ts'
import { cookieName, type CookieExchange, type CookiePolicy } from './cookies.ts'

/**
 * Recognizes browsers in which a user has signed in before (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 * Their failed attempts are counted separately, so that strangers cannot lock a user out.
 *
 * The cookie has one entry per user: an id, a time, and a MAC over both and the `sub` of the user. It does not contain the
 * `sub`, so a thief cannot tell whose it is, and it is worth nothing for another user. Not the name that was entered: the
 * throttle treats similar names as one, so a user called `ánn` could make any number of entries for `ann`.
 */
export interface DeviceCookies {
  /** Returns whether the browser has a device cookie, whoever made it. */
  has(exchange: CookieExchange): boolean
  /** Returns the id that this browser has for a user; undefined if they have not signed in here before. */
  find(exchange: CookieExchange, subject: string): string | undefined
  /** Adds the user to the cookie, or extends their entry. Call it after each successful sign-in. */
  remember(exchange: CookieExchange, subject: string): void
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
/** The users that one browser is known for. The least recently used one is dropped. */
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
  const macOf = (key: Buffer, { id, issuedAt }: Omit<Entry, 'mac'>, subjectHash: string): string =>
    hmac(key, `${id}.${issuedAt}.${subjectHash}`)
  const findEntry = (entries: readonly Entry[], subjectHash: string): Entry | undefined =>
    entries.find((entry) =>
      keys.some((key) => isEqualInConstantTime(entry.mac, macOf(key, entry, subjectHash))),
    )
  return {
    has: (exchange) => read(exchange).length > 0,
    find: (exchange, subject) => findEntry(read(exchange), sha256(subject))?.id,
    remember(exchange, subject) {
      const [entries, subjectHash] = [read(exchange), sha256(subject)]
      const known = findEntry(entries, subjectHash)
      // The id stays, and with it the count of failures: a new one would give a thief of the old one a limit of its own.
      const fields = { id: known?.id ?? randomBase64url(16), issuedAt: String(nowInSeconds()) }
      const entry = { ...fields, mac: macOf(keys[0], fields, subjectHash) }
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
