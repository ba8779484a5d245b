import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { randomBase64url } from '../lib/hash.ts'
import { secretFile, signingFile, type KeyringEntry, type SecretEntry, type SigningEntry } from './keyring.ts'
import { thumbprint } from './pem.ts'
import { rootSecretId } from './derived.ts'
import type { KeyState, SigningAlgorithm } from './secrets.ts'
import { ConfigError } from '../errors.ts'
import { isSigningAlgorithm, MINIMUM_RSA_LENGTH, SIGNING_ALGORITHMS } from './algorithm.ts'

/** A key or a secret that nobody has yet: what the keyring will say of it, and the text of its file. */
export interface NewKey<Entry extends KeyringEntry> {
  readonly entry: Entry
  readonly text: string
}

/** Makes a signing key in memory. */
export async function createSigningKey(kind: SigningKeyType, state: KeyState): Promise<NewKey<SigningEntry>> {
  const { privateKey, publicKey } = await createKeyPair(kind)
  const kid = await thumbprint(publicKey)
  const { algorithm } = kind
  return {
    entry: { file: signingFile(kid), kid, algorithm, state, createdAt: Date.now() },
    text: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Makes a root secret in memory. */
export function createRootSecret(state: KeyState): NewKey<SecretEntry> {
  const value = randomBase64url(32)
  const id = rootSecretId({ value })
  return { entry: { file: secretFile(id), id, state, createdAt: Date.now() }, text: `${value}\n` }
}

const generate = promisify(generateKeyPair)

function createKeyPair({
  algorithm,
  length: modulusLength,
}: SigningKeyType): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  if (algorithm === 'ES256') return generate('ec', { namedCurve: 'P-256' })
  if (algorithm === 'EdDSA') return generate('ed25519')
  return generate('rsa', { modulusLength })
}

/** Which kind of signing key is wanted. */
export interface SigningKeyOptions {
  /** Default `ES256`. */
  readonly algorithm?: SigningAlgorithm | undefined
  /** Bits of an RSA key, from 2048 to 16384; default 4096. Other keys have no choice of length. */
  readonly length?: number | undefined
}

/** What kind of signing key to make. */
export interface SigningKeyType {
  readonly algorithm: SigningAlgorithm
  /** In bits; for RSA keys only. */
  readonly length: number
}

/** The kind that is wanted. Throws `ConfigError` for an option that cannot be. */
export function resolveKeyType({ algorithm = 'ES256', length }: SigningKeyOptions): SigningKeyType {
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
