import { isSigningAlgorithm } from './algorithm.ts'
import type { KeyState, SigningAlgorithm } from './secrets.ts'

/** The file that lists the keys of a directory and their states. Replacing it makes a change take effect. */
export const KEYRING_FILE = 'keyring.json'

/** Times are in milliseconds. */
export interface KeyringEntry {
  readonly file: string
  readonly state: KeyState
  readonly createdAt: number
  readonly retiredAt?: number
}

export interface SigningEntry extends KeyringEntry {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
}

export interface SecretEntry extends KeyringEntry {
  readonly id: string
}

/** Lists the signing keys and root secrets of a directory. Contains no secrets. */
export interface Keyring {
  readonly signing: readonly SigningEntry[]
  readonly secrets: readonly SecretEntry[]
}

export const formatKeyring = (keyring: Keyring): string => `${JSON.stringify(keyring, null, 2)}\n`

/** Returns undefined if the text is invalid or refers to a file outside the directory. */
export function parseKeyring(text: string): Keyring | undefined {
  try {
    const { signing, secrets } = JSON.parse(text) as Record<string, unknown>
    const isValid = isListOf(signing, isSigningEntry) && isListOf(secrets, isSecretEntry)
    return isValid ? { signing, secrets } : undefined
  } catch {
    return undefined
  }
}

export const signingKeyFile = (kid: string): string => `signing-${kid.slice(0, 8)}.pem`

export const rootSecretFile = (id: string): string => `secret-${id}.txt`

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

/** Rejects paths and hidden files, on Windows as well. */
const isFileName = (value: unknown): boolean => typeof value === 'string' && /^[^./\\][^/\\]*$/.test(value)

const isTime = (value: unknown): boolean => Number.isSafeInteger(value)
