import crypto, { createHmac, createSecretKey, randomFillSync, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Returns the SHA-256 of a string as base64url (43 characters). For random values only, never for passwords. */
export const sha256 = (text: string): string => crypto.hash('sha256', text, 'base64url')

/** Returns the HMAC-SHA256 of a string as base64url (43 characters). */
export const hmac = (key: Buffer, text: string): string =>
  createHmac('sha256', secretKeyOf(key)).update(text).digest('base64url')

/** Importing a key takes ten times as long as a MAC, so each key is imported once. */
const secretKeys = new WeakMap<Buffer, KeyObject>()

function secretKeyOf(key: Buffer): KeyObject {
  const cached = secretKeys.get(key)
  if (cached) return cached
  const secretKey = createSecretKey(key)
  secretKeys.set(key, secretKey)
  return secretKey
}

/** Compares two strings in a time that depends only on their lengths. */
export function isEqualInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Unused random bytes: generating 4096 takes hardly longer than 16. */
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
  // Used bytes must not stay in memory.
  reserve.fill(0, used, (used += bytes))
  return text
}

/** Returns a new ID: 128 random bits in 22 characters, never with a leading dash, which command lines parse as an option. */
export const randomId = (): string => toId(randomBase64url(16))

/** Derives an ID from base64url text of at least 22 characters. */
export const toId = (text: string): string => text.slice(0, 22).replace(/^-/, '_')

/** Derives a UUID of version 8 (RFC 9562 section 5.8) from base64url text of at least 22 characters. */
export function toUuid(text: string): string {
  const bytes = Buffer.from(text, 'base64url').subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
