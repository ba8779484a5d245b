import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'

/**
 * Encrypts values that travel through a browser: JSON and an expiry, with AES-256-GCM. The browser can neither read nor
 * change them.
 */
export interface ValueSealer<Value> {
  /** Returns the value as one URL-safe string. Its length is that of the JSON, times 4/3. */
  seal(value: Value): string
  /** Returns the value, or undefined if the text was altered, sealed for another purpose or has expired. */
  open(text: string): Value | undefined
}

/** How values are sealed. */
export interface ValueSealerOptions {
  /** The 32-byte keys of one purpose. The first one seals, all of them open. */
  readonly keys: readonly [Buffer, ...Buffer[]]
  /** How long a sealed value is valid, in milliseconds. */
  readonly lifetime: number
  readonly clock: Clock
}

const ALGORITHM = 'aes-256-gcm'
const IV_LENGTH = 12
const TAG_LENGTH = 16

export function createValueSealer<Value>({ keys, lifetime, clock }: ValueSealerOptions): ValueSealer<Value> {
  return {
    seal(value) {
      const iv = randomBytes(IV_LENGTH)
      const cipher = createCipheriv(ALGORITHM, keys[0], iv)
      const text = JSON.stringify([clock.now() + lifetime, value])
      return Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      )
    },
    open(text) {
      const sealed = Buffer.from(text, 'base64url')
      const json = keys.map((key) => decrypt(key, sealed)).find((one) => one !== undefined)
      if (json === undefined) return undefined
      const [expiresAt, value] = JSON.parse(json) as [number, Value]
      return expiresAt > clock.now() ? value : undefined
    },
  }
}

function decrypt(key: Buffer, sealed: Buffer): string | undefined {
  if (sealed.length < IV_LENGTH + TAG_LENGTH) return undefined
  const options = { authTagLength: TAG_LENGTH }
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_LENGTH), options)
  decipher.setAuthTag(sealed.subarray(-TAG_LENGTH))
  const text = decipher.update(sealed.subarray(IV_LENGTH, -TAG_LENGTH))
  try {
    return Buffer.concat([text, decipher.final()]).toString()
  } catch {
    return undefined
  }
}
