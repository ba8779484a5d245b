import type { KeyObject } from 'node:crypto'

/** The algorithms that access tokens can be signed with (RFC 7518 section 3.1, RFC 8037); EdDSA is Ed25519. */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

/**
 * Where a key or a root secret is in its life. `next` is known before it is used, so that everybody accepts what it
 * makes from the first moment; `current` makes what is new; `retired` makes nothing more and stays known until the last
 * thing that it made has expired.
 */
export type KeyState = 'next' | 'current' | 'retired'

/** A private key that signs tokens. */
export interface SigningKey {
  /** PEM as PKCS#8, PKCS#1 or SEC1, without a passphrase; a literal `\n` counts as a line break. */
  readonly privateKey: string | KeyObject
  /** By default what the key is made for: EC P-256 signs ES256, RSA signs RS256, Ed25519 signs EdDSA. */
  readonly algorithm?: SigningAlgorithm
  /** Default `current`; exactly one key is. */
  readonly state?: KeyState
  /** In milliseconds. */
  readonly createdAt?: number
  /** In milliseconds. */
  readonly retiredAt?: number
}

/** A secret that every symmetric key is derived from: refresh tokens, cookies, forms. */
export interface RootSecret {
  /** Random text of at least 43 characters, which is 32 bytes as base64url. White space around it does not count. */
  readonly value: string
  /** Default `current`; exactly one secret is. */
  readonly state?: KeyState
  /** In milliseconds. */
  readonly createdAt?: number
  /** In milliseconds. */
  readonly retiredAt?: number
}

/** Everything that must never be in the database. */
export interface Secrets {
  readonly signingKeys: readonly SigningKey[]
  readonly secrets: readonly RootSecret[]
}

/** Where secrets come from. */
export interface SecretsSource {
  /** For messages: `the directory ./secrets`. */
  readonly description: string
  /** The directory that `consulate keys` makes them in; undefined where they come from elsewhere. */
  readonly directory?: string
  /** Reads the secrets anew. Throws `ConfigError` where they are missing or unreadable. */
  load(): Promise<Secrets>
  /**
   * A text that changes when the secrets may have changed. A running server asks for it every 5 seconds, so it must be
   * cheap. Without it, secrets are read once, at the start.
   */
  version?(): Promise<string>
}
