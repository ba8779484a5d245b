import { deflateRawSync, inflateRawSync } from 'node:zlib'
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

/** How values are signed. */
export interface ValueSignerOptions {
  /** The keys of one purpose. The first one signs, all of them verify. */
  readonly keys: readonly [Buffer, ...Buffer[]]
  /** How long a signed value is valid, in milliseconds. */
  readonly lifetime: number
  readonly clock: Clock
  /** True to compress values. Not for values with a secret: their length would depend on it. Default false. */
  readonly isCompressed?: boolean
}

/** The longest value after decompression, in bytes. */
const MAX_SIZE = 131_072

export function createValueSigner<Value>(options: ValueSignerOptions): ValueSigner<Value> {
  const { keys, lifetime, clock, isCompressed = false } = options
  const encode = (json: string): Buffer => (isCompressed ? deflateRawSync(json) : Buffer.from(json))
  const decode = (bytes: Buffer): Buffer =>
    isCompressed ? inflateRawSync(bytes, { maxOutputLength: MAX_SIZE }) : bytes
  return {
    sign(value) {
      const body = encode(JSON.stringify([clock.now() + lifetime, value])).toString('base64url')
      return `${body}.${hmac(keys[0], body)}`
    },
    verify(text) {
      const [body = '', mac = '', ...rest] = text.split('.')
      const isOurs = keys.some((key) => isEqualInConstantTime(mac, hmac(key, body)))
      if (rest.length > 0 || !isOurs) return undefined
      // Only after the MAC was checked, so that untrusted input is never decompressed or parsed.
      const [expiresAt, value] = JSON.parse(decode(Buffer.from(body, 'base64url')).toString()) as [
        number,
        Value,
      ]
      return expiresAt > clock.now() ? value : undefined
    },
  }
}
