import { exportJWK, type JWK } from 'jose'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { createSignature } from './algorithm.ts'
import { encodeHeader, verifyJws, type VerifiedToken } from './jws.ts'
import { readSigningKey, thumbprint, type ParsedKey } from './pem.ts'
import { rootSecretProblems } from './derived.ts'
import type { Secrets, SigningAlgorithm } from './secrets.ts'

/** The keys that tokens are signed and verified with. */
export interface KeySet {
  /** What the current key signs with. */
  readonly algorithm: SigningAlgorithm
  /** The `kid` of the current key: its thumbprint (RFC 7638). */
  readonly currentKid: string
  /** A compact JWS of the claims, with the header `{ alg, typ, kid }`, by the current key; a label comes before them. */
  sign(type: string, claims: object, label?: string): string
  /**
   * The payload of a token that a known key signed, with that key's algorithm and this `typ`; undefined when anything
   * is off. Its claims are not looked at: expiry, issuer and audience are for the caller to check.
   */
  verify(token: string, type: string): Promise<VerifiedToken | undefined>
  /** Whether tokens of this key are accepted, for those who remember a verified token. */
  isTrusted(kid: string): boolean
  /** The public halves of all keys, next and retired ones too, the current one first (RFC 7517 section 5). */
  jwks(): { readonly keys: readonly JWK[] }
}

interface KnownKey extends ParsedKey {
  readonly kid: string
}

/**
 * Makes the key set of an issuer. Throws `ConfigError` with every problem of the signing keys and root secrets: not
 * exactly one current key, an unreadable or repeated one, RSA under 2048 bits, another curve than P-256.
 */
export async function createKeySet(secrets: Secrets): Promise<KeySet> {
  const { keys, problems } = await readKeys(secrets)
  const current = keys.find(({ state }) => state === 'current')
  if (problems.length > 0 || !current) throw new ConfigError(problems)
  const keysById = new Map(keys.map((key) => [key.kid, key]))
  const published = { keys: await Promise.all([...new Set([current, ...keys])].map(publicJwk)) }
  return {
    algorithm: current.algorithm,
    currentKid: current.kid,
    sign: signerOf(current),
    verify: async (token, type) => verifyJws(token, type, keysById),
    isTrusted: (kid) => keysById.has(kid),
    jwks: () => published,
  }
}

function signerOf({ algorithm, privateKey, kid }: KnownKey): KeySet['sign'] {
  const headers = new Map<string, string>()
  const headerOf = (type: string, label = ''): string => {
    const known = headers.get(label + type)
    if (known !== undefined) return known
    const header = encodeHeader(algorithm, type, kid, label || undefined)
    headers.set(label + type, header)
    return header
  }
  return (type, claims, label) => {
    const input = `${headerOf(type, label)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return `${input}.${createSignature(algorithm, privateKey, Buffer.from(input)).toString('base64url')}`
  }
}

const publicJwk = async ({ publicKey, kid, algorithm }: KnownKey): Promise<JWK> => ({
  ...(await exportJWK(publicKey)),
  kid,
  alg: algorithm,
  use: 'sig',
})

interface Reading {
  readonly keys: readonly KnownKey[]
  readonly problems: readonly ConfigProblem[]
}

async function readKeys({ signingKeys, secrets }: Secrets): Promise<Reading> {
  const problems: ConfigProblem[] = [...currentKeyProblems(signingKeys), ...rootSecretProblems(secrets)]
  const keys: KnownKey[] = []
  for (const [index, signingKey] of signingKeys.entries()) {
    const path = `secrets.signingKeys[${index}]`
    const reading = readSigningKey(signingKey)
    if ('problem' in reading) {
      problems.push({ path, message: reading.problem })
      continue
    }
    const kid = await thumbprint(reading.key.publicKey)
    if (keys.some((key) => key.kid === kid)) problems.push({ path, message: 'is listed twice' })
    keys.push({ ...reading.key, kid })
  }
  return { keys, problems }
}

function currentKeyProblems(signingKeys: Secrets['signingKeys']): readonly ConfigProblem[] {
  const count = signingKeys.filter(({ state = 'current' }) => state === 'current').length
  const message = `needs exactly one current key, not ${count === 0 ? 'none' : count}`
  return count === 1 ? [] : [{ path: 'secrets.signingKeys', message }]
}
