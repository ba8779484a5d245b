import type { NewKey, SigningKeyOptions } from './key-material.ts'
import type { Keyring, KeyringEntry } from './keyring.ts'

/** Keys that `consulate keys` creates and rotates, wherever they are kept. */
export interface ManagedKeys {
  /** True if they need the tables of the store. */
  readonly areInStore: boolean
  /** Opens the keys for a change. Throws `ConfigError` if they are missing, or if a server could not start with them. */
  open(): Promise<OpenKeyring>
  /** Creates current and next keys and root secrets, unless there are some. Of several concurrent calls, one does. */
  generate(options?: GenerateOptions): Promise<GeneratedSecrets>
  /** Only for keys in the store. */
  readonly sealed?: SealedKeys
}

/** What only sealed keys need. */
export interface SealedKeys {
  /** Seals the keys again, with the first sealing secret. Throws `ConfigError` as `open` does. */
  reseal(): Promise<void>
  /** Copies the keys of another place, unless there are some. Returns whether it did. */
  copyFrom(keys: OpenKeyring): Promise<boolean>
}

/** A keyring that was read in order to change it. */
export interface OpenKeyring {
  readonly keyring: Keyring
  /** Returns a key as text: PEM, or the value of a root secret. */
  textOf(entry: KeyringEntry): Promise<string>
  /** Replaces the keyring and removes dropped keys. Throws `ConfigError` if the keyring has changed since it was read. */
  replace(keyring: Keyring, added: readonly NewKey<KeyringEntry>[]): Promise<void>
}

export interface GenerateOptions extends SigningKeyOptions {
  /** True to replace existing keys, which invalidates every token, code and cookie. */
  readonly force?: boolean
  /** With `force`, called with the fingerprint of the new root secret before it takes effect, so a store can learn it. */
  readonly registerFingerprint?: (fingerprint: string) => Promise<void>
}

export interface GeneratedSecrets {
  /** False if keys existed. Then nothing was changed. */
  readonly created: boolean
  /** The names of the files that were written, the keyring last. Empty if the keys are in the store. */
  readonly files: readonly string[]
  /** The `kid` of the new current signing key, or null if none was created. */
  readonly kid: string | null
}
