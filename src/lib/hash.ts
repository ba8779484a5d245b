import crypto, { createHmac, createSecretKey, randomFillSync, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** The SHA-256 of a text, base64url (43 characters). Enough for 256 random bits; never for a password. */
export const sha256 = (text: string): string => crypto.hash('sha256', text, 'base64url')

/** HMAC-SHA256 of a text, base64url (43 characters). */
export const hmac = (key: Buffer, text: string): string =>
  createHmac('sha256', secretKeyOf(key)).update(text).digest('base64url')

/** Keys as Node works with them: to take one in costs ten times as much as a MAC, so each is taken in once. */
const secretKeys = new WeakMap<Buffer, KeyObject>()

function secretKeyOf(key: Buffer): KeyObject {
  const known = secretKeys.get(key)
  if (known) return known
  const secretKey = createSecretKey(key)
  secretKeys.set(key, secretKey)
  return secretKey
}

/** Whether two texts are equal, in a time that depends on their lengths only. */
export function isEqualInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Random bytes that nobody has used yet: a draw of 4096 costs hardly more than one of 16. */
const reserve = Buffer.alloc(4096)
let used = reserve.length

/**
 * `bytes` random bytes as base64url: 32 (43 characters) for codes and secrets, 16 (22 characters) for ids. At most 4096.
 */
export function randomBase64url(bytes: number): string {
  if (used + bytes > reserve.length) {
    randomFillSync(reserve)
    used = 0
  }
  const text = reserve.toString('base64url', used, used + bytes)
  // Given once, and kept nowhere.
  reserve.fill(0, used, (used += bytes))
  return text
}

/** A new id: 128 random bits, 22 characters of base64url. None begins with a dash, which command lines take for an option. */
export const randomId = (): string => toId(randomBase64url(16))

/** The id that a base64url text of 22 characters or more comes to: the same for the same text. */
export const toId = (text: string): string => text.slice(0, 22).replace(/^-/, '_')
