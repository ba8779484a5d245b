import type { KeyObject } from 'node:crypto'
import { verifySignature } from './algorithm.ts'
import type { SigningAlgorithm } from './secrets.ts'

/** No token of ours comes near it; whatever is longer costs no work. */
const MAXIMUM_LENGTH = 16 * 1024

/** A public key and the one algorithm that it verifies. */
export interface VerificationKey {
  readonly algorithm: SigningAlgorithm
  readonly publicKey: KeyObject
}

/** What a verified token says, and which key says so. */
export interface VerifiedToken {
  readonly payload: Record<string, unknown>
  readonly kid: string
}

/**
 * The first part of a compact JWS (RFC 7515 section 7.1): what it is signed with and what it is. A label comes first of
 * all, so that every token of its kind begins with the same letters; verifiers ignore it (RFC 7515 section 4).
 */
export const encodeHeader = (alg: SigningAlgorithm, typ: string, kid: string, label?: string): string =>
  Buffer.from(JSON.stringify({ ...(label !== undefined && { consulate: label }), alg, typ, kid })).toString(
    'base64url',
  )

/**
 * Verifies a compact JWS against known keys; undefined when anything is off, whatever the token is.
 *
 * The header is believed in nothing: `kid` only chooses among `keys`, `alg` must be the one of that key, `typ` the one
 * that is expected; `jku`, `x5u` and `jwk` are not looked at, and `crit` is refused (RFC 8725 sections 3.1 and 3.10).
 */
export function verifyJws(
  token: string,
  type: string,
  keys: ReadonlyMap<string, VerificationKey>,
): VerifiedToken | undefined {
  if (token.length > MAXIMUM_LENGTH) return undefined
  const [header = '', body = '', signature = '', ...more] = token.split('.', 4)
  const { alg, typ, kid, crit } = decodeObject(header) ?? {}
  const key = typeof kid === 'string' ? keys.get(kid) : undefined
  if (more.length > 0 || typeof kid !== 'string' || !key) return undefined
  if (alg !== key.algorithm || typ !== type || crit !== undefined) return undefined
  if (!isSigned(key, `${header}.${body}`, signature)) return undefined
  const payload = decodeObject(body)
  return payload && { payload, kid }
}

/** The `kid` that a token names, unverified: good for looking for a key, and for nothing else. */
export function unverifiedKeyId(token: string): string | undefined {
  const end = token.length > MAXIMUM_LENGTH ? -1 : token.indexOf('.')
  const { kid } = decodeObject(token.slice(0, Math.max(end, 0))) ?? {}
  return typeof kid === 'string' ? kid : undefined
}

function isSigned({ algorithm, publicKey }: VerificationKey, input: string, signature: string): boolean {
  const bytes = decode(signature)
  return bytes !== undefined && verifySignature(algorithm, publicKey, Buffer.from(input), bytes)
}

/** Base64url in its one right spelling: else one token has many, and a list of revoked ones misses the others. */
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
