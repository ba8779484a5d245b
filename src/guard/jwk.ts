import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { isSigningAlgorithm, keyProblem } from '../keys/algorithm.ts'
import type { VerificationKey } from '../keys/jws.ts'
import { thumbprint } from '../keys/pem.ts'

/** A published key that tokens can be verified with, or why none can be. */
export type JwkReading =
  | { readonly kid: string; readonly key: VerificationKey }
  | { readonly problem: string }

/** What only who signs may know (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Reads a published key (RFC 7517 section 4). Only public keys of our algorithms pass, strong enough and under their own
 * thumbprint, so that no key can stand in another one's place.
 */
export async function readJwk(jwk: unknown): Promise<JwkReading> {
  const fields: Readonly<Record<string, unknown>> = typeof jwk === 'object' && jwk !== null ? { ...jwk } : {}
  const { kid, alg, use, key_ops: operations } = fields
  if (PRIVATE_MEMBERS.some((member) => member in fields)) return { problem: 'is secret, and published' }
  if (use !== undefined && use !== 'sig') return { problem: 'is not for signatures' }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return { problem: 'is not for verifying' }
  }
  if (!isSigningAlgorithm(alg)) return { problem: 'has no algorithm of ours' }
  const publicKey = parse(fields)
  if (!publicKey) return { problem: 'is no public key' }
  const problem = keyProblem(alg, publicKey)
  if (problem !== undefined) return { problem }
  if (kid !== (await thumbprint(publicKey))) return { problem: 'has a kid that is not its thumbprint' }
  return { kid, key: { algorithm: alg, publicKey } }
}

function parse(jwk: JsonWebKey): ReturnType<typeof createPublicKey> | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}
