import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import { defaultAlgorithm, isSigningAlgorithm, keyProblem, SIGNING_ALGORITHMS } from './algorithm.ts'
import type { KeyState, SigningAlgorithm, SigningKey } from './secrets.ts'

export interface ParsedKey {
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A usable key, or why it cannot be used. The message never contains any part of the key. */
export type KeyParseResult = { readonly key: ParsedKey } | { readonly problem: string }

/** Parses a signing key and checks its strength and algorithm. */
export function parseSigningKey({ privateKey, algorithm, state = 'current' }: SigningKey): KeyParseResult {
  const key = typeof privateKey === 'string' ? parsePem(privateKey) : privateKey
  if (typeof key === 'string') return { problem: key }
  if (key.type !== 'private') return { problem: `must be a private key, not a ${key.type} key` }
  const chosen = algorithm ?? defaultAlgorithm(key)
  if (!isSigningAlgorithm(chosen)) return { problem: `must be a key for ${SIGNING_ALGORITHMS.join(', ')}` }
  const problem = keyProblem(chosen, key)
  if (problem !== undefined) return { problem }
  return { key: { algorithm: chosen, state, privateKey: key, publicKey: createPublicKey(key) } }
}

/** The `kid` of a key: its SHA-256 thumbprint (RFC 7638). */
export const thumbprint = async (publicKey: KeyObject): Promise<string> =>
  calculateJwkThumbprint(await exportJWK(publicKey))

/** Splits a text into its private keys. Returns the text itself if it contains none. */
export const privateKeyBlocks = (text: string): readonly string[] =>
  normalize(text).match(PRIVATE_KEY) ?? [text]

export const hasPrivateKey = (text: string): boolean => normalize(text).search(PRIVATE_KEY) !== -1

const PRIVATE_KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]+?-----END \1-----/g

/** Environment variables and one-line files contain line breaks as `\n`. */
const normalize = (text: string): string => text.replaceAll('\\r', '').replaceAll('\\n', '\n')

/** Returns the key, or what is wrong with the text. */
function parsePem(text: string): KeyObject | string {
  const [pem = ''] = privateKeyBlocks(text)
  if (/ENCRYPTED/.test(pem)) return 'is encrypted. Remove the passphrase'
  try {
    return createPrivateKey(pem)
  } catch {
    return 'must be a private key in PEM format (PKCS#8, PKCS#1 or SEC1)'
  }
}
