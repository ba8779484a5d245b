import { createPublicKey, type KeyObject } from 'node:crypto'
import { keyProblem } from '../keys/algorithm.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'
import { parseEncryptionKey } from '../passport/ciphertext.ts'
import type { PassportSettings } from '../passport/settings.ts'
import type { LegacyHashVerifier } from '../users/password-hash.ts'

/** What remains valid of a Laravel Passport server after `consulate import passport`. */
export interface PassportConfig {
  /**
   * Passport's public key, the content of `storage/oauth-public.key`, in PEM format. Access tokens that it verifies and that
   * were imported are accepted until they expire.
   */
  readonly publicKey: string
  /**
   * Laravel's `APP_KEY`, such as `base64:…`, or the key that `Passport::encryptTokensUsing` returned. Imported refresh tokens
   * can then be exchanged once. Keep it out of the code: `process.env.APP_KEY`. Default: they are not accepted.
   */
  readonly appKey?: string | undefined
  /**
   * Verifies client secrets that Passport has hashed with bcrypt, such as `(secret, hash) => bcrypt.compare(secret, hash)`.
   * The first use of a secret replaces the hash with ours. Without this option, only plain and Argon2 ones are accepted.
   */
  readonly verifyLegacyHash?: LegacyHashVerifier
}

const OPTIONS: OptionNames<PassportConfig> = { publicKey: true, appKey: true, verifyLegacyHash: true }

/** Checks the option `passport`. Returns undefined if it is off. */
export function resolvePassport(
  given: PassportConfig | undefined,
  validator: Validator,
): PassportSettings | undefined {
  if (given === undefined) return undefined
  validator.knownOptions('passport', given, OPTIONS)
  const { publicKey, appKey, verifyLegacyHash } = given
  const encryptionKey = typeof appKey === 'string' ? parseEncryptionKey(appKey.trim()) : undefined
  if (appKey !== undefined && !encryptionKey)
    validator.problem('passport.appKey', "must be Laravel's APP_KEY: base64: and 16 or 32 bytes")
  if (verifyLegacyHash !== undefined && typeof verifyLegacyHash !== 'function')
    validator.problem('passport.verifyLegacyHash', 'must be a function')
  const key = parsePublicKey(publicKey)
  if (typeof key === 'object') return { kid: 'passport', publicKey: key, encryptionKey, verifyLegacyHash }
  validator.problem('passport.publicKey', key)
  return undefined
}

/** Returns the key, or what is wrong with it. Environment variables contain line breaks as `\n`. */
function parsePublicKey(given: unknown): KeyObject | string {
  const pem = typeof given === 'string' ? given.replaceAll('\\n', '\n') : ''
  if (pem.includes('PRIVATE KEY')) return 'must be the public key, not the private one'
  try {
    const key = createPublicKey(pem)
    return keyProblem('RS256', key) ?? key
  } catch {
    return "must be Passport's public key in PEM format, as in storage/oauth-public.key"
  }
}
