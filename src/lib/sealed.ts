import type { Clock } from './clock.ts'
import { hmac, isEqualInConstantTime } from './hash.ts'

/**
 * Values that travel through a browser and come back unaltered: JSON, an expiry and a MAC.
 * Sealed is not hidden: whoever holds it can read it.
 */
export interface Seal<Value> {
  /** The value as one URL-safe text. */
  close(value: Value): string
  /** The value, or undefined where the text was altered, was made for another purpose or has expired. */
  open(text: string): Value | undefined
}

/** Makes a seal of one purpose; `lifetime` is in milliseconds. */
export function createSeal<Value>(key: Buffer, lifetime: number, clock: Clock): Seal<Value> {
  return {
    close(value) {
      const body = Buffer.from(JSON.stringify([clock.now() + lifetime, value])).toString('base64url')
      return `${body}.${hmac(key, body)}`
    },
    open(text) {
      const [body = '', mac = '', ...rest] = text.split('.')
      if (rest.length > 0 || !isEqualInConstantTime(mac, hmac(key, body))) return undefined
      const [expiresAt, value] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [number, Value]
      return expiresAt > clock.now() ? value : undefined
    },
  }
}
