import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** The SHA-256 of a text, base64url (43 characters). Enough for 256 random bits; never for a password. */
export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** HMAC-SHA256 of a text, base64url (43 characters). */
export const hmac = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url')

/** Whether two texts are equal, in a time that depends on their lengths only. */
export function isEqualInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** `bytes` random bytes as base64url: 32 (43 characters) for codes and secrets, 16 (22 characters) for ids. */
export const randomText = (bytes: number): string => randomBytes(bytes).toString('base64url')
