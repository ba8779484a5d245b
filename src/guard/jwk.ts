import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { isSigningAlgorithm, keyProblem } from '../keys/algorithm.ts'
import type { VerificationKey } from '../keys/jws.ts'
import { thumbprint } from '../keys/pem.ts'

/** A usable public key, or why it cannot be used. */
export type JwkResult = { readonly kid: string; readonly key: VerificationKey } | { readonly problem: string }

/** The members of private and symmetric keys (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Parses a published key (RFC 7517 section 4). Accepts strong public keys for our algorithms only. The key ID must be the
 * thumbprint, so that no key can take another one's place.
 */
export async function parseJwk(jwk: unknown): Promise<JwkResult> {
  const fields: Readonly<Record<string, unknown>> = typeof jwk === 'object' && jwk !== null ? { ...jwk } : {}
  const { kid, alg, use, key_ops: operations } = fields
  if (PRIVATE_MEMBERS.some((member) => member in fields)) return { problem: 'is not a public key' }
  if (use !== undefined && use !== 'sig') return { problem: 'is not for signatures' }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return { problem: 'is not for verification' }
  }
  if (!isSigningAlgorithm(alg)) return { problem: 'has an unsupported algorithm' }
  const publicKey = parsePublicKey(fields)
  if (!publicKey) return { problem: 'cannot be parsed' }
  const problem = keyProblem(alg, publicKey)
  if (problem !== undefined) return { problem }
  if (kid !== (await thumbprint(publicKey))) return { problem: 'has a kid that is not its thumbprint' }
  return { kid, key: { algorithm: alg, publicKey } }
}

function parsePublicKey(jwk: JsonWebKey): ReturnType<typeof createPublicKey> | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}
