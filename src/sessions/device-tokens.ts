import type { Clock } from '../lib/clock.ts'
import { hmac, isEqualInConstantTime, randomBase64url, sha256 } from '../lib/hash.ts'

/**
 * Recognizes devices on which a user has signed in or reset the password before (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 * Their failed attempts are counted separately, so that strangers cannot lock a user out. Browsers keep a device token in a
 * cookie, and apps wherever they like.
 *
 * A token has one entry per user: an id, a time, and a MAC over both and the `sub` of the user. It does not contain the
 * `sub`, so a thief cannot tell whose it is, and it is worth nothing for another user. Not the name that was entered: the
 * throttle treats similar names as one, so a user called `ánn` could make any number of entries for `ann`.
 */
export interface DeviceTokens {
  /** Returns whether a token has an unexpired entry. Does not verify its MAC. */
  has(token: string | undefined): boolean
  /** Returns the id that the device has for a user; undefined if it is not known to the user. */
  find(token: string | undefined, subject: string): string | undefined
  /** Returns the token with the user added, or with their entry extended. Call it after each successful sign-in or password reset. */
  remember(token: string | undefined, subject: string): string
}

/** What device tokens need. */
export interface DeviceTokenOptions {
  /** The first one signs. The others are earlier keys, so that devices stay known when the root secret is rotated. */
  readonly keys: readonly [Buffer, ...Buffer[]]
  readonly clock: Clock
}

interface Entry {
  readonly id: string
  /** Seconds since 1970. */
  readonly issuedAt: string
  readonly mac: string
}

/** Seconds: half a year without a sign-in. */
export const DEVICE_TOKEN_LIFETIME = 180 * 86_400
/** The users that one device is known for. The least recently used one is dropped. */
const MAX_ENTRIES = 5
const ENTRY = /([\w-]{22})\.(\d{1,11})\.([\w-]{43})/g

/** Creates the device tokens of one issuer. */
export function createDeviceTokens({ keys, clock }: DeviceTokenOptions): DeviceTokens {
  const nowInSeconds = (): number => Math.floor(clock.now() / 1000)
  const read = (token: string | undefined): readonly Entry[] =>
    parse(token).filter(({ issuedAt }) => Number(issuedAt) + DEVICE_TOKEN_LIFETIME > nowInSeconds())
  const macOf = (key: Buffer, { id, issuedAt }: Omit<Entry, 'mac'>, subjectHash: string): string =>
    hmac(key, `${id}.${issuedAt}.${subjectHash}`)
  const findEntry = (entries: readonly Entry[], subjectHash: string): Entry | undefined =>
    entries.find((entry) =>
      keys.some((key) => isEqualInConstantTime(entry.mac, macOf(key, entry, subjectHash))),
    )
  return {
    has: (token) => read(token).length > 0,
    find: (token, subject) => findEntry(read(token), sha256(subject))?.id,
    remember(token, subject) {
      const [entries, subjectHash] = [read(token), sha256(subject)]
      const known = findEntry(entries, subjectHash)
      // The id stays, and with it the count of failures: a new one would give a thief of the old one a limit of its own.
      const fields = { id: known?.id ?? randomBase64url(16), issuedAt: String(nowInSeconds()) }
      const entry = { ...fields, mac: macOf(keys[0], fields, subjectHash) }
      return format([entry, ...entries.filter((other) => other !== known)])
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
