import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import type { SealedDocument } from '../store/sealed-secrets.ts'
import { deriveBytes } from './derived.ts'

/**
 * Encrypts the secrets of an issuer for the store, with AES-256-GCM and a key derived from a sealing secret. The issuer and
 * the version of the row are authenticated, so that a row of another issuer or version cannot be opened.
 */
export interface Sealer {
  /** Returns JSON for the row with this version. */
  seal(text: string, version: number): string
  /** Returns the text. Throws `ConfigError` if another secret has sealed it, or if it is not what was sealed for this row. */
  open(document: SealedDocument): string
}

/** What anyone can read. It only makes errors clear: the ciphertext is bound to its real issuer and key. */
interface Envelope {
  readonly format: 1
  readonly issuer: string
  /** The ID of the sealing secret. */
  readonly key: string
  /** Initialization vector, ciphertext and tag, in base64url. */
  readonly data: string
}

const ALGORITHM = 'aes-256-gcm'
const IV_LENGTH = 12
const TAG_LENGTH = 16

/** Creates a sealer. The first of the sealing secrets seals, all of them open. */
export function createSealer(sealingSecrets: readonly [string, ...string[]], issuer: string): Sealer {
  const keys = new Map(sealingSecrets.map((value) => [idOf(value), deriveBytes({ value }, 'sealing-key')]))
  const currentId = idOf(sealingSecrets[0])
  const currentKey = deriveBytes({ value: sealingSecrets[0] }, 'sealing-key')
  const contextOf = (key: string, version: number): Buffer =>
    Buffer.from(JSON.stringify(['consulate sealed secrets 1', issuer, key, version]))
  return {
    seal(text, version) {
      const iv = randomBytes(IV_LENGTH)
      const cipher = createCipheriv(ALGORITHM, currentKey, iv)
      cipher.setAAD(contextOf(currentId, version))
      const data = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      const envelope: Envelope = { format: 1, issuer, key: currentId, data: data.toString('base64url') }
      return JSON.stringify(envelope)
    },
    open({ version, sealed }) {
      const envelope = parseEnvelope(sealed) ?? fail(DAMAGED)
      if (envelope.issuer !== issuer) fail(otherIssuer(envelope, issuer))
      const key = keys.get(envelope.key) ?? fail(otherSecret(envelope, [...keys.keys()]))
      return decrypt(key, envelope, contextOf(envelope.key, version)) ?? fail(DAMAGED)
    },
  }
}

const idOf = (value: string): string => deriveBytes({ value }, 'sealing-id').toString('base64url').slice(0, 8)

function parseEnvelope(sealed: string): Envelope | undefined {
  try {
    const { format, issuer, key, data } = JSON.parse(sealed) as Record<string, unknown>
    const isComplete = typeof issuer === 'string' && typeof key === 'string' && typeof data === 'string'
    return format === 1 && isComplete ? { format, issuer, key, data } : undefined
  } catch {
    return undefined
  }
}

function decrypt(key: Buffer, { data }: Envelope, context: Buffer): string | undefined {
  const bytes = Buffer.from(data, 'base64url')
  if (bytes.length < IV_LENGTH + TAG_LENGTH) return undefined
  const options = { authTagLength: TAG_LENGTH }
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_LENGTH), options)
  decipher.setAAD(context)
  decipher.setAuthTag(bytes.subarray(-TAG_LENGTH))
  const text = decipher.update(bytes.subarray(IV_LENGTH, -TAG_LENGTH))
  try {
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

const DAMAGED =
  'those in the database were changed or copied from another row, so they cannot be opened. Restore them from a backup'

const otherIssuer = ({ issuer }: Envelope, expected: string): string =>
  `those in the database belong to ${JSON.stringify(issuer.slice(0, 200))}, not to ${JSON.stringify(expected)}`

const otherSecret = ({ key }: Envelope, known: readonly string[]): string =>
  `those in the database were sealed with another CONSULATE_SEALING_SECRET (ID ${JSON.stringify(key.slice(0, 20))}; ` +
  `given: ${known.join(', ')}). Nothing was changed`

function fail(message: string): never {
  throw new ConfigError([{ path: 'secrets', message }])
}
