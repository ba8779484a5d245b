import { constants, sign, verify, type KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from './secrets.ts'

/** In bits (RFC 7518 section 3.3). */
export const MIN_RSA_LENGTH = 2048

interface Algorithm {
  /** As in Node's `asymmetricKeyType`. */
  readonly keyType: string
  /** For error messages. */
  readonly keyName: string
  sign(input: Buffer, key: KeyObject): Buffer
  verify(input: Buffer, key: KeyObject, signature: Buffer): boolean
}

/** RFC 7518 section 3.5: the salt is as long as the hash. */
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }

const ALGORITHMS: Readonly<Record<SigningAlgorithm, Algorithm>> = {
  ES256: {
    keyType: 'ec',
    keyName: 'an EC key on the curve P-256',
    sign: (input, key) => derToRaw(sign('sha256', input, key)),
    verify: (input, key, signature) =>
      signature.length === 64 && verify('sha256', input, key, rawToDer(signature)),
  },
  RS256: {
    keyType: 'rsa',
    keyName: 'an RSA key',
    sign: (input, key) => sign('sha256', input, key),
    verify: (input, key, signature) => verify('sha256', input, key, signature),
  },
  PS256: {
    keyType: 'rsa',
    keyName: 'an RSA key',
    sign: (input, key) => sign('sha256', input, { key, ...PSS }),
    verify: (input, key, signature) => verify('sha256', input, { key, ...PSS }, signature),
  },
  EdDSA: {
    keyType: 'ed25519',
    keyName: 'an Ed25519 key',
    sign: (input, key) => sign(null, input, key),
    verify: (input, key, signature) => verify(null, input, key, signature),
  },
}

/** The default for new keys comes first. */
export const SIGNING_ALGORITHMS = Object.keys(ALGORITHMS) as readonly SigningAlgorithm[]

export const isSigningAlgorithm = (text: unknown): text is SigningAlgorithm =>
  SIGNING_ALGORITHMS.some((algorithm) => algorithm === text)

/** Returns undefined if no algorithm supports the key. */
export const defaultAlgorithm = (key: KeyObject): SigningAlgorithm | undefined =>
  SIGNING_ALGORITHMS.find((algorithm) => ALGORITHMS[algorithm].keyType === key.asymmetricKeyType)

/** Returns why a key cannot be used with an algorithm, or undefined if it can. */
export function keyProblem(algorithm: SigningAlgorithm, key: KeyObject): string | undefined {
  const { keyType, keyName } = ALGORITHMS[algorithm]
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== keyType) return `must be ${keyName} for ${algorithm}`
  if (keyType === 'ec' && namedCurve !== 'prime256v1') {
    return `must be ${keyName} for ${algorithm}, not ${namedCurve}`
  }
  if (keyType !== 'rsa' || modulusLength >= MIN_RSA_LENGTH) return undefined
  return `must have at least ${MIN_RSA_LENGTH} bits, not ${modulusLength}`
}

/**
 * Signs with node:crypto on the calling thread, which costs a third of WebCrypto for ES256. The key must be valid for the
 * algorithm, see `keyProblem`.
 */
export const createSignature = (algorithm: SigningAlgorithm, key: KeyObject, input: Buffer): Buffer =>
  ALGORITHMS[algorithm].sign(input, key)

/** `algorithm` must be that of the key, never the one in a token. */
export const verifySignature = (
  algorithm: SigningAlgorithm,
  key: KeyObject,
  input: Buffer,
  signature: Buffer,
): boolean => ALGORITHMS[algorithm].verify(input, key, signature)

const HALF = 32
const SEQUENCE = 0x30
const INTEGER = 0x02

/**
 * Converts a P-256 signature from DER, as OpenSSL writes it, to the 64 bytes of JWS (RFC 7518 section 3.4). Only for
 * signatures that we have just created: it does not validate them.
 *
 * Node's own conversion (`dsaEncoding`) parses the key each time, which doubles the cost of a signature.
 */
export function derToRaw(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * HALF)
  const second = 4 + der.readUInt8(3)
  copyRightAligned(der.subarray(4, second), raw.subarray(0, HALF))
  copyRightAligned(der.subarray(second + 2), raw.subarray(HALF))
  return raw
}

/** Converts a P-256 signature from the 64 bytes of JWS to DER. The result is well-formed for any 64 bytes. */
export function rawToDer(raw: Buffer): Buffer {
  const body = [...derInteger(raw.subarray(0, HALF)), ...derInteger(raw.subarray(HALF))]
  return Buffer.from([SEQUENCE, body.length, ...body])
}

/** DER omits leading zeros, but adds one before a number that would look negative. */
const copyRightAligned = (number: Buffer, target: Buffer): void =>
  void number.subarray(-HALF).copy(target, Math.max(0, HALF - number.length))

function derInteger(half: Buffer): number[] {
  const start = half.findIndex((byte) => byte !== 0)
  const bytes = start === -1 ? [0] : [...half.subarray(start)]
  const padded = (bytes[0] ?? 0) >= 0x80 ? [0, ...bytes] : bytes
  return [INTEGER, padded.length, ...padded]
}
