import type { Clock } from './clock.ts'
import { hmac, isEqualInConstantTime } from './hash.ts'

/**
 * Protects values that travel through a browser against changes: JSON, an expiry and a MAC. Signed, not encrypted: the
 * browser can read them.
 */
export interface ValueSigner<Value> {
  /** Returns the value as one URL-safe string. */
  sign(value: Value): string
  /** Returns the value, or undefined if the text was altered, signed for another purpose or has expired. */
  verify(text: string): Value | undefined
}

/** Creates a signer. Use one key per purpose. `lifetime` in milliseconds. */
export function createValueSigner<Value>(key: Buffer, lifetime: number, clock: Clock): ValueSigner<Value> {
  return {
    sign(value) {
      const body = Buffer.from(JSON.stringify([clock.now() + lifetime, value])).toString('base64url')
      return `${body}.${hmac(key, body)}`
    },
    verify(text) {
      const [body = '', mac = '', ...rest] = text.split('.')
      if (rest.length > 0 || !isEqualInConstantTime(mac, hmac(key, body))) return undefined
      const [expiresAt, value] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [number, Value]
      return expiresAt > clock.now() ? value : undefined
    },
  }
}
