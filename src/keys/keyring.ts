import { isSigningAlgorithm } from './algorithm.ts'
import type { KeyState, SigningAlgorithm } from './secrets.ts'

/** The file that says which key and secret files count and in which state: replacing it is what commits a change. */
export const KEYRING_FILE = 'keyring.json'

/** What the keyring says of a signing key and of a root secret alike. Times in milliseconds. */
export interface KeyringEntry {
  readonly file: string
  readonly state: KeyState
  readonly createdAt: number
  readonly retiredAt?: number
}

/** A signing key in the keyring. */
export interface SigningEntry extends KeyringEntry {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
}

/** A root secret in the keyring. */
export interface SecretEntry extends KeyringEntry {
  readonly id: string
}

/** What a directory of secrets holds. No secret itself. */
export interface Keyring {
  readonly signing: readonly SigningEntry[]
  readonly secrets: readonly SecretEntry[]
}

/** The keyring as the text of its file. */
export const formatKeyring = (keyring: Keyring): string => `${JSON.stringify(keyring, null, 2)}\n`

/** The keyring from the text of its file; undefined where it is damaged or names a file of another directory. */
export function parseKeyring(text: string): Keyring | undefined {
  try {
    const { signing, secrets } = JSON.parse(text) as Record<string, unknown>
    const isWhole = isListOf(signing, isSigningEntry) && isListOf(secrets, isSecretEntry)
    return isWhole ? { signing, secrets } : undefined
  } catch {
    return undefined
  }
}

/** The file of a signing key. */
export const signingFile = (kid: string): string => `signing-${kid.slice(0, 8)}.pem`

/** The file of a root secret. */
export const secretFile = (id: string): string => `secret-${id}.txt`

type Fields = Readonly<Record<string, unknown>>

const isListOf = <Entry>(
  value: unknown,
  isEntry: (item: unknown) => item is Entry,
): value is readonly Entry[] => Array.isArray(value) && value.every(isEntry)

function isSigningEntry(value: unknown): value is SigningEntry {
  const { kid, algorithm, ...rest } = fieldsOf(value)
  return typeof kid === 'string' && isSigningAlgorithm(algorithm) && isEntry(rest)
}

function isSecretEntry(value: unknown): value is SecretEntry {
  const { id, ...rest } = fieldsOf(value)
  return typeof id === 'string' && isEntry(rest)
}

const STATES: readonly unknown[] = ['next', 'current', 'retired'] satisfies readonly KeyState[]

const isEntry = ({ file, state, createdAt, retiredAt }: Fields): boolean =>
  isFileName(file) &&
  STATES.includes(state) &&
  isTime(createdAt) &&
  (retiredAt === undefined || isTime(retiredAt))

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' ? { ...value } : {})

/** A name in the same directory, on every system. */
const isFileName = (value: unknown): boolean => typeof value === 'string' && /^[^./\\][^/\\]*$/.test(value)

const isTime = (value: unknown): boolean => Number.isSafeInteger(value)
