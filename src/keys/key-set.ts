import { exportJWK } from 'jose'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { createSignature } from './algorithm.ts'
import { rootSecretProblems } from './derived.ts'
import { encodeHeader, verifyJws, type VerifiedToken } from './jws.ts'
import { parseSigningKey, thumbprint, type ParsedKey } from './pem.ts'
import type { Secrets, SigningAlgorithm } from './secrets.ts'

/** A public key as the server publishes it (RFC 7517 section 4). */
interface PublicKey {
  readonly kid: string
  readonly alg: string
  readonly use: 'sig'
  readonly kty?: string
  readonly n?: string
  readonly e?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
}

/** The keys that sign and verify tokens. */
export interface KeySet {
  /** The algorithm of the current key. */
  readonly algorithm: SigningAlgorithm
  /** The `kid` of the current key: its thumbprint (RFC 7638). */
  readonly currentKid: string
  /** Signs claims with the current key. Returns a compact JWS with the header `{ alg, typ, kid }`, after the label if any. */
  sign(type: string, claims: object, label?: string): string
  /**
   * Returns the payload of a token that one of the keys has signed, with the key's algorithm and this `typ`. Otherwise
   * returns undefined, or `unavailable` if the key is unknown and may be new. The caller must check the claims.
   */
  verify(token: string, type: string): Promise<VerifiedToken | 'unavailable' | undefined>
  /** Returns whether tokens of this key are accepted. For callers that cache verified tokens. */
  isTrusted(kid: string): boolean
  /** Returns the public keys, including next and retired ones. The current one comes first (RFC 7517 section 5). */
  jwks(): { readonly keys: readonly PublicKey[] }
}

interface IdentifiedKey extends ParsedKey {
  readonly kid: string
}

/**
 * Creates the key set of an issuer. Throws `ConfigError` with all problems of the signing keys and root secrets, such as a
 * key that is unreadable, weak or repeated, or not exactly one current key.
 */
export async function createKeySet(secrets: Secrets): Promise<KeySet> {
  const { keys, problems } = await parseKeys(secrets)
  const current = keys.find(({ state }) => state === 'current')
  if (problems.length > 0 || !current) throw new ConfigError(problems)
  const keysById = new Map(keys.map((key) => [key.kid, key]))
  const published = { keys: await Promise.all([...new Set([current, ...keys])].map(toJwk)) }
  return {
    algorithm: current.algorithm,
    currentKid: current.kid,
    sign: createSigner(current),
    verify: async (token, type) => verifyJws(token, type, keysById),
    isTrusted: (kid) => keysById.has(kid),
    jwks: () => published,
  }
}

function createSigner({ algorithm, privateKey, kid }: IdentifiedKey): KeySet['sign'] {
  const headers = new Map<string, string>()
  const headerFor = (type: string, label = ''): string => {
    const known = headers.get(label + type)
    if (known !== undefined) return known
    const header = encodeHeader(algorithm, type, kid, label || undefined)
    headers.set(label + type, header)
    return header
  }
  return (type, claims, label) => {
    const input = `${headerFor(type, label)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return `${input}.${createSignature(algorithm, privateKey, Buffer.from(input)).toString('base64url')}`
  }
}

const toJwk = async ({ publicKey, kid, algorithm }: IdentifiedKey): Promise<PublicKey> => ({
  ...(await exportJWK(publicKey)),
  kid,
  alg: algorithm,
  use: 'sig',
})

interface ParsedKeys {
  readonly keys: readonly IdentifiedKey[]
  readonly problems: readonly ConfigProblem[]
}

async function parseKeys({ signingKeys, secrets }: Secrets): Promise<ParsedKeys> {
  const problems: ConfigProblem[] = [...currentKeyProblems(signingKeys), ...rootSecretProblems(secrets)]
  const keys: IdentifiedKey[] = []
  for (const [index, signingKey] of signingKeys.entries()) {
    const path = `secrets.signingKeys[${index}]`
    const result = parseSigningKey(signingKey)
    if ('problem' in result) {
      problems.push({ path, message: result.problem })
      continue
    }
    const kid = await thumbprint(result.key.publicKey)
    if (keys.some((key) => key.kid === kid)) problems.push({ path, message: 'is listed twice' })
    keys.push({ ...result.key, kid })
  }
  return { keys, problems }
}

function currentKeyProblems(signingKeys: Secrets['signingKeys']): readonly ConfigProblem[] {
  const count = signingKeys.filter(({ state = 'current' }) => state === 'current').length
  const message = `must contain exactly one current key, not ${count}`
  return count === 1 ? [] : [{ path: 'secrets.signingKeys', message }]
}
