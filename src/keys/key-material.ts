import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { ConfigError } from '../errors.ts'
import { randomBase64url } from '../lib/hash.ts'
import { isSigningAlgorithm, MIN_RSA_LENGTH, SIGNING_ALGORITHMS } from './algorithm.ts'
import { rootSecretId } from './derived.ts'
import {
  rootSecretFile,
  signingKeyFile,
  type KeyringEntry,
  type SecretEntry,
  type SigningEntry,
} from './keyring.ts'
import { thumbprint } from './pem.ts'
import type { KeyState, SigningAlgorithm } from './secrets.ts'

export interface SigningKeyOptions {
  /** Default: `ES256`. */
  readonly algorithm?: SigningAlgorithm | undefined
  /** The length of an RSA key in bits, from 2048 to 16384. Default: 4096. */
  readonly length?: number | undefined
}

export interface SigningKeyType {
  readonly algorithm: SigningAlgorithm
  /** In bits, for RSA keys only. */
  readonly length: number
}

const MAX_RSA_LENGTH = 16_384

/** Adds the defaults. Throws `ConfigError` if an option is invalid. */
export function resolveKeyType({ algorithm = 'ES256', length }: SigningKeyOptions): SigningKeyType {
  const isRsa = algorithm === 'RS256' || algorithm === 'PS256'
  if (!isSigningAlgorithm(algorithm)) fail('algorithm', `must be one of ${SIGNING_ALGORITHMS.join(', ')}`)
  if (length === undefined) return { algorithm, length: 4096 }
  if (!isRsa) fail('length', 'is for RSA keys only (RS256 or PS256)')
  if (Number.isInteger(length) && length >= MIN_RSA_LENGTH && length <= MAX_RSA_LENGTH)
    return { algorithm, length }
  fail('length', `must be a number of bits from ${MIN_RSA_LENGTH} to ${MAX_RSA_LENGTH}`)
}

function fail(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}

/** A new key that is not written yet: its keyring entry and the content of its file. */
export interface NewKey<Entry extends KeyringEntry> {
  readonly entry: Entry
  readonly text: string
}

export async function createSigningKey(type: SigningKeyType, state: KeyState): Promise<NewKey<SigningEntry>> {
  const { privateKey, publicKey } = await createKeyPair(type)
  const kid = await thumbprint(publicKey)
  const { algorithm } = type
  return {
    entry: { file: signingKeyFile(kid), kid, algorithm, state, createdAt: Date.now() },
    text: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

export function createRootSecret(state: KeyState): NewKey<SecretEntry> {
  const value = randomBase64url(32)
  const id = rootSecretId({ value })
  return { entry: { file: rootSecretFile(id), id, state, createdAt: Date.now() }, text: `${value}\n` }
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
