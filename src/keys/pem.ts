import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import { defaultAlgorithm, isSigningAlgorithm, keyProblem, SIGNING_ALGORITHMS } from './algorithm.ts'
import type { KeyState, SigningAlgorithm, SigningKey } from './secrets.ts'

/** A signing key that was read and found sound. */
export interface ParsedKey {
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A key that can be used, or what is wrong with it. The message never holds any of the key. */
export type KeyParseResult = { readonly key: ParsedKey } | { readonly problem: string }

/** Reads a signing key and checks that it is strong enough and fits its algorithm. */
export function readSigningKey({ privateKey, algorithm, state = 'current' }: SigningKey): KeyParseResult {
  const key = typeof privateKey === 'string' ? parsePem(privateKey) : privateKey
  if (typeof key === 'string') return { problem: key }
  if (key.type !== 'private') return { problem: `is a ${key.type} key: a private key is needed` }
  const chosen = algorithm ?? defaultAlgorithm(key)
  if (!isSigningAlgorithm(chosen)) return { problem: `cannot be used: choose ${NAMES}` }
  const problem = keyProblem(chosen, key)
  if (problem !== undefined) return { problem }
  return { key: { algorithm: chosen, state, privateKey: key, publicKey: createPublicKey(key) } }
}

/** The `kid` of a key: its SHA-256 thumbprint, the same for the private and the public half (RFC 7638). */
export const thumbprint = async (publicKey: KeyObject): Promise<string> =>
  calculateJwkThumbprint(await exportJWK(publicKey))

/** Every private key in a text that may hold several, as a variable does; the text itself where none is seen. */
export const privateKeyBlocks = (text: string): readonly string[] =>
  normalize(text).match(PRIVATE_KEY) ?? [text]

/** Whether a text has a private key in it, as PEM. */
export const hasPrivateKey = (text: string): boolean => normalize(text).search(PRIVATE_KEY) !== -1

const NAMES = SIGNING_ALGORITHMS.join(', ')

const PRIVATE_KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]+?-----END \1-----/g

/** Environment variables and one-line files carry line breaks as `\n`. */
const normalize = (text: string): string => text.replaceAll('\\r', '').replaceAll('\\n', '\n')

function parsePem(text: string): KeyObject | string {
  const [pem = ''] = privateKeyBlocks(text)
  if (/ENCRYPTED/.test(pem)) return 'is encrypted: give it without a passphrase'
  try {
    return createPrivateKey(pem)
  } catch {
    return 'is not a private key in PEM (PKCS#8, PKCS#1 or SEC1)'
  }
}
