import { generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { randomText } from '../lib/hash.ts'
import { secretFile, signingFile } from './keyring.ts'
import type { Keyring } from './keyring.ts'
import { thumbprint } from './pem.ts'
import { rootSecretId } from './root-secret.ts'
import type { SigningAlgorithm } from './secrets.ts'

/** A signing key and a root secret that nobody has yet, and the files to keep them in. */
export interface NewSecrets {
  readonly kid: string
  readonly keyring: Keyring
  readonly files: readonly (readonly [name: string, text: string])[]
}

/** Makes new secrets in memory; `length` is in bits, for RSA keys only. */
export async function createSecrets(algorithm: SigningAlgorithm, length: number): Promise<NewSecrets> {
  const { privateKey, publicKey } = await createKeyPair(algorithm, length)
  const kid = await thumbprint(publicKey)
  const value = randomText(32)
  const id = rootSecretId({ value })
  const common = { state: 'current', createdAt: Date.now() } as const
  return {
    kid,
    keyring: {
      signing: [{ file: signingFile(kid), kid, algorithm, ...common }],
      secrets: [{ file: secretFile(id), id, ...common }],
    },
    files: [
      [signingFile(kid), privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
      [secretFile(id), `${value}\n`],
    ],
  }
}

const generate = promisify(generateKeyPair)

function createKeyPair(
  algorithm: SigningAlgorithm,
  modulusLength: number,
): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  if (algorithm === 'ES256') return generate('ec', { namedCurve: 'P-256' })
  if (algorithm === 'EdDSA') return generate('ed25519')
  return generate('rsa', { modulusLength })
}
