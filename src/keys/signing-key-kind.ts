import { ConfigError } from '../errors.ts'
import { isSigningAlgorithm, MINIMUM_RSA_LENGTH, SIGNING_ALGORITHMS } from './algorithm.ts'
import type { SigningAlgorithm } from './secrets.ts'

/** Which kind of signing key is wanted. */
export interface KindOptions {
  /** Default `ES256`. */
  readonly algorithm?: SigningAlgorithm | undefined
  /** Bits of an RSA key, from 2048 to 16384; default 4096. Other keys have no choice of length. */
  readonly length?: number | undefined
}

/** What kind of signing key to make. */
export interface SigningKeyKind {
  readonly algorithm: SigningAlgorithm
  /** In bits; for RSA keys only. */
  readonly length: number
}

/** The kind that is wanted. Throws `ConfigError` for an option that cannot be. */
export function resolveKind({ algorithm = 'ES256', length }: KindOptions): SigningKeyKind {
  const isRsa = algorithm === 'RS256' || algorithm === 'PS256'
  if (!isSigningAlgorithm(algorithm)) fail('algorithm', `must be one of ${SIGNING_ALGORITHMS.join(', ')}`)
  if (length === undefined) return { algorithm, length: 4096 }
  if (!isRsa) fail('length', 'is for RSA keys: choose the algorithm RS256 or PS256, or leave it out')
  if (Number.isInteger(length) && length >= MINIMUM_RSA_LENGTH && length <= 16_384)
    return { algorithm, length }
  fail('length', `must be a number of bits from ${MINIMUM_RSA_LENGTH} to 16384`)
}

function fail(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}
