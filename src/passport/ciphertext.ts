import { createDecipheriv, createHmac, hash, hkdfSync, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { limitConcurrency } from '../users/password-hash.ts'

/** A password, from which each ciphertext derives its own key, or a random key of 32 bytes. */
export interface EncryptionKey {
  readonly kind: 'password' | 'key'
  readonly bytes: Buffer
}

// Format 2 of defuse/php-encryption: version, salt, IV, AES-256-CTR ciphertext, HMAC-SHA256 of everything before it.
const VERSION = 'def50200'
const [VERSION_BYTES, SALT_BYTES, IV_BYTES, MAC_BYTES] = [4, 32, 16, 32]
const OVERHEAD = VERSION_BYTES + SALT_BYTES + IV_BYTES + MAC_BYTES
const ITERATIONS = 100_000
const HEX = /^(?:[0-9a-f]{2})+$/

/** In hexadecimal characters. A token with a hundred scopes has about 6,000. */
const MAX_LENGTH = 16_384

// Deriving a key takes 25 ms in a thread. Two at a time leave threads for everything else.
const limit = limitConcurrency({ concurrent: 2, queued: 64 })
const derive = promisify(pbkdf2)

/** Returns whether a text looks like a ciphertext. Costs nothing. */
export const isCiphertext = (text: string): boolean =>
  text.length >= 2 * OVERHEAD && text.length <= MAX_LENGTH && text.startsWith(VERSION) && HEX.test(text)

/**
 * Decrypts a text that `Crypto::encryptWithPassword` or `Crypto::encrypt` of defuse/php-encryption 2 has written, in
 * hexadecimal. Returns undefined if it is malformed, was changed, or has another key.
 *
 * @throws OAuthError `temporarily_unavailable` if too many calls wait
 */
export async function decrypt(text: string, key: EncryptionKey): Promise<string | undefined> {
  if (!isCiphertext(text)) return undefined
  const bytes = Buffer.from(text, 'hex')
  const salt = bytes.subarray(VERSION_BYTES, VERSION_BYTES + SALT_BYTES)
  const iv = bytes.subarray(VERSION_BYTES + SALT_BYTES, OVERHEAD - MAC_BYTES)
  const [body, mac] = [bytes.subarray(0, -MAC_BYTES), bytes.subarray(-MAC_BYTES)]
  const secret = await secretFor(key, salt)
  const macKey = subkey(secret, salt, 'DefusePHP|V2|KeyForAuthentication')
  if (!timingSafeEqual(createHmac('sha256', macKey).update(body).digest(), mac)) return undefined
  const decipher = createDecipheriv('aes-256-ctr', subkey(secret, salt, 'DefusePHP|V2|KeyForEncryption'), iv)
  return Buffer.concat([decipher.update(body.subarray(OVERHEAD - MAC_BYTES)), decipher.final()]).toString()
}

async function secretFor({ kind, bytes }: EncryptionKey, salt: Buffer): Promise<Buffer> {
  if (kind === 'key') return bytes
  return limit(() => derive(hash('sha256', bytes, 'buffer'), salt, ITERATIONS, 32, 'sha256'))
}

const subkey = (secret: Buffer, salt: Buffer, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, label, 32))

/** A key of defuse/php-encryption as text: header, 32 bytes and a checksum (`Key::saveToAsciiSafeString`). */
const KEY_TEXT = /^def00000[0-9a-f]{128}$/

/**
 * Parses Laravel's `APP_KEY`, with or without `base64:`, or a key of defuse/php-encryption. Returns undefined if it is
 * neither.
 */
export function parseEncryptionKey(text: string): EncryptionKey | undefined {
  if (KEY_TEXT.test(text)) return parseDefuseKey(Buffer.from(text, 'hex'))
  const bytes = text.startsWith('base64:') ? Buffer.from(text.slice(7), 'base64') : Buffer.from(text)
  return bytes.length === 16 || bytes.length === 32 ? { kind: 'password', bytes } : undefined
}

function parseDefuseKey(bytes: Buffer): EncryptionKey | undefined {
  const checksum = hash('sha256', bytes.subarray(0, 36), 'buffer')
  return checksum.equals(bytes.subarray(36)) ? { kind: 'key', bytes: bytes.subarray(4, 36) } : undefined
}
