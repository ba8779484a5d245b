import { generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { randomBase64url } from '../lib/hash.ts'
import { secretFile, signingFile } from './keyring.ts'
import type { KeyringEntry, SecretEntry, SigningEntry } from './keyring.ts'
import { thumbprint } from './pem.ts'
import { rootSecretId } from './root-secret.ts'
import type { KeyState } from './secrets.ts'
import type { SigningKeyKind } from './signing-key-kind.ts'

/** A key or a secret that nobody has yet: what the keyring will say of it, and the text of its file. */
export interface New<Entry extends KeyringEntry> {
  readonly entry: Entry
  readonly text: string
}

/** Makes a signing key in memory. */
export async function createSigningKey(kind: SigningKeyKind, state: KeyState): Promise<New<SigningEntry>> {
  const { privateKey, publicKey } = await createKeyPair(kind)
  const kid = await thumbprint(publicKey)
  const { algorithm } = kind
  return {
    entry: { file: signingFile(kid), kid, algorithm, state, createdAt: Date.now() },
    text: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Makes a root secret in memory. */
export function createRootSecret(state: KeyState): New<SecretEntry> {
  const value = randomBase64url(32)
  const id = rootSecretId({ value })
  return { entry: { file: secretFile(id), id, state, createdAt: Date.now() }, text: `${value}\n` }
}

const generate = promisify(generateKeyPair)

function createKeyPair({
  algorithm,
  length: modulusLength,
}: SigningKeyKind): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  if (algorithm === 'ES256') return generate('ec', { namedCurve: 'P-256' })
  if (algorithm === 'EdDSA') return generate('ed25519')
  return generate('rsa', { modulusLength })
}
