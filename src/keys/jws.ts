import type { KeyObject } from 'node:crypto'
import { verifySignature } from './algorithm.ts'
import type { SigningAlgorithm } from './secrets.ts'

/** Longer than any token of ours. Longer ones are rejected unread. */
const MAX_LENGTH = 16 * 1024

export interface VerificationKey {
  /** The only algorithm that the key is used with. */
  readonly algorithm: SigningAlgorithm
  readonly publicKey: KeyObject
}

export interface VerifiedToken {
  readonly payload: Record<string, unknown>
  /** The ID of the key that signed it. */
  readonly kid: string
}

/**
 * Encodes the header of a compact JWS (RFC 7515 section 7.1). A label comes first, so that all tokens with that label start
 * with the same characters. Verifiers ignore it (RFC 7515 section 4).
 */
export const encodeHeader = (alg: SigningAlgorithm, typ: string, kid: string, label?: string): string =>
  Buffer.from(JSON.stringify({ ...(label !== undefined && { consulate: label }), alg, typ, kid })).toString(
    'base64url',
  )

/**
 * Verifies a compact JWS. Returns undefined if it is malformed or the signature is invalid.
 *
 * The header is not trusted: `kid` only selects one of `keys`, `alg` must be the algorithm of that key, and `typ` must be
 * the expected one. `jku`, `x5u` and `jwk` are ignored, and `crit` is rejected (RFC 8725 sections 3.1 and 3.10).
 */
export function verifyJws(
  token: string,
  type: string,
  keys: ReadonlyMap<string, VerificationKey>,
): VerifiedToken | undefined {
  if (token.length > MAX_LENGTH) return undefined
  const [header = '', body = '', signature = '', ...more] = token.split('.', 4)
  const { alg, typ, kid, crit } = decodeObject(header) ?? {}
  const key = typeof kid === 'string' ? keys.get(kid) : undefined
  if (more.length > 0 || typeof kid !== 'string' || !key) return undefined
  if (alg !== key.algorithm || typ !== type || crit !== undefined) return undefined
  if (!hasValidSignature(key, `${header}.${body}`, signature)) return undefined
  const payload = decodeObject(body)
  return payload && { payload, kid }
}

/**
 * Verifies a compact JWS of another server that signs with RS256 and names no key. Returns its payload, or undefined if it is
 * malformed, has another algorithm or type, or the signature is invalid.
 */
export function verifyForeignJws(
  token: string,
  type: string,
  publicKey: KeyObject,
): Record<string, unknown> | undefined {
  if (token.length > MAX_LENGTH) return undefined
  const [header = '', body = '', signature = '', ...more] = token.split('.', 4)
  const { alg, typ, kid, crit } = decodeObject(header) ?? {}
  if (more.length > 0 || alg !== 'RS256' || typ !== type) return undefined
  if (kid !== undefined || crit !== undefined) return undefined
  const key: VerificationKey = { algorithm: 'RS256', publicKey }
  return hasValidSignature(key, `${header}.${body}`, signature) ? decodeObject(body) : undefined
}

/** Returns the `kid` of an unverified token. Use it only to find out whether a key is known. */
export function unverifiedKeyId(token: string): string | undefined {
  const end = token.length > MAX_LENGTH ? -1 : token.indexOf('.')
  const { kid } = decodeObject(token.slice(0, Math.max(end, 0))) ?? {}
  return typeof kid === 'string' ? kid : undefined
}

function hasValidSignature(
  { algorithm, publicKey }: VerificationKey,
  input: string,
  signature: string,
): boolean {
  const bytes = decode(signature)
  return bytes !== undefined && verifySignature(algorithm, publicKey, Buffer.from(input), bytes)
}

/** Accepts canonical base64url only. Otherwise a token would have several spellings. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function decodeObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decode(text)?.toString() ?? '')
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
