import type { KeyObject } from 'node:crypto'
import type { LegacyHashVerifier } from '../users/password-hash.ts'
import type { EncryptionKey } from './ciphertext.ts'

/** What is accepted of a Passport server whose tables were imported. */
export interface PassportSettings {
  /** Names the key of cached tokens. No key of ours has this ID. */
  readonly kid: string
  readonly publicKey: KeyObject
  /** Undefined if refresh tokens are not accepted. */
  readonly encryptionKey: EncryptionKey | undefined
  readonly verifyLegacyHash: LegacyHashVerifier | undefined
}
