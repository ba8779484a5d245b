import type { KeyObject } from 'node:crypto'

/** The algorithms that can sign access tokens (RFC 7518 section 3.1, RFC 8037). EdDSA means Ed25519. */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

/**
 * The state of a key or root secret. A `next` one is published before it is used, so that everyone accepts what it signs
 * from the first moment. The `current` one signs. A `retired` one no longer signs, but is still accepted until everything
 * it has signed has expired.
 */
export type KeyState = 'next' | 'current' | 'retired'

/** A private key that signs tokens. */
export interface SigningKey {
  /** PEM as PKCS#8, PKCS#1 or SEC1, without a passphrase. A literal `\n` counts as a line break. */
  readonly privateKey: string | KeyObject
  /** Default: ES256 for EC P-256, RS256 for RSA, EdDSA for Ed25519. */
  readonly algorithm?: SigningAlgorithm
  /** Default: `current`. Exactly one key must be current. */
  readonly state?: KeyState
  /** In milliseconds. */
  readonly createdAt?: number
  /** In milliseconds. */
  readonly retiredAt?: number
}

/** The secret that all symmetric keys are derived from, such as those for refresh tokens, cookies and forms. */
export interface RootSecret {
  /** At least 43 random characters, such as 32 bytes in base64url. Surrounding white space is ignored. */
  readonly value: string
  /** Default: `current`. Exactly one secret must be current. */
  readonly state?: KeyState
  /** In milliseconds. */
  readonly createdAt?: number
  /** In milliseconds. */
  readonly retiredAt?: number
}

/** The secrets of an issuer, which must never be in the database unless they are sealed. */
export interface Secrets {
  readonly signingKeys: readonly SigningKey[]
  readonly secrets: readonly RootSecret[]
}
