import { constants, sign, verify, type KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from './secrets.ts'

/** The least RSA modulus, in bits (RFC 7518 section 3.3). */
export const MINIMUM_RSA_LENGTH = 2048

interface Algorithm {
  /** The key type, as Node calls it. */
  readonly keyType: string
  /** The key that it takes, as people call it. */
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
    sign: (input, key) => fromDer(sign('sha256', input, key)),
    verify: (input, key, signature) =>
      signature.length === 64 && verify('sha256', input, key, toDer(signature)),
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

/** The names of all algorithms, the default of new keys first. */
export const SIGNING_ALGORITHMS = Object.keys(ALGORITHMS) as readonly SigningAlgorithm[]

/** Whether a text names one of our algorithms. */
export const isSigningAlgorithm = (text: unknown): text is SigningAlgorithm =>
  SIGNING_ALGORITHMS.some((algorithm) => algorithm === text)

/** The algorithm that a key signs with when nothing else is said; undefined for a key that none of ours can use. */
export const defaultAlgorithm = (key: KeyObject): SigningAlgorithm | undefined =>
  SIGNING_ALGORITHMS.find((algorithm) => ALGORITHMS[algorithm].keyType === key.asymmetricKeyType)

/** Why a key must not be used with an algorithm; undefined where it may. */
export function keyProblem(algorithm: SigningAlgorithm, key: KeyObject): string | undefined {
  const { keyType, keyName } = ALGORITHMS[algorithm]
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== keyType) return `${algorithm} needs ${keyName}`
  if (keyType === 'ec' && namedCurve !== 'prime256v1')
    return `${algorithm} needs ${keyName}, not ${namedCurve}`
  if (keyType !== 'rsa' || modulusLength >= MINIMUM_RSA_LENGTH) return undefined
  return `has ${modulusLength} bits; an RSA key needs at least ${MINIMUM_RSA_LENGTH}`
}

/**
 * Signs with node:crypto, on the calling thread: for ES256 a third of what WebCrypto costs.
 * The key must be one that `keyProblem` has nothing against.
 */
export const createSignature = (algorithm: SigningAlgorithm, key: KeyObject, input: Buffer): Buffer =>
  ALGORITHMS[algorithm].sign(input, key)

/** Whether a signature of an algorithm is right. The algorithm is the key's own, never one that a token names. */
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
 * A P-256 signature from the DER that OpenSSL writes to the 64 bytes that JWS wants (RFC 7518 section 3.4).
 * Only for signatures that we have just made: it trusts their form.
 *
 * Node can convert by itself (`dsaEncoding`), but takes the key apart each time: that doubles the price of a signature.
 */
export function fromDer(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * HALF)
  const second = 4 + der.readUInt8(3)
  place(der.subarray(4, second), raw.subarray(0, HALF))
  place(der.subarray(second + 2), raw.subarray(HALF))
  return raw
}

/** A P-256 signature from the 64 bytes of JWS to DER. Whatever those bytes are, the result is well-formed. */
export function toDer(raw: Buffer): Buffer {
  const body = [...integer(raw.subarray(0, HALF)), ...integer(raw.subarray(HALF))]
  return Buffer.from([SEQUENCE, body.length, ...body])
}

/** DER writes the least bytes, and a zero before a number that would look negative. */
const place = (number: Buffer, half: Buffer): void =>
  void number.subarray(-HALF).copy(half, Math.max(0, HALF - number.length))

function integer(half: Buffer): number[] {
  const start = half.findIndex((byte) => byte !== 0)
  const bytes = start === -1 ? [0] : [...half.subarray(start)]
  const padded = (bytes[0] ?? 0) >= 0x80 ? [0, ...bytes] : bytes
  return [INTEGER, padded.length, ...padded]
}
