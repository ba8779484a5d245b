import { hkdfSync } from 'node:crypto'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import type { RootSecret, Secrets } from './secrets.ts'

/** The purpose of a derived key. A key reveals nothing about those of other purposes. */
export type KeyPurpose =
  | 'refresh-token'
  | 'code'
  | 'csrf'
  | 'xsrf'
  | 'app-session'
  | 'consent'
  | 'user-code'
  | 'personal-token'
  | 'connected-app'
  | 'user-app'
  | 'page'
  | 'return-to'
  | 'device-cookie'
  | 'broadcast'

/** The symmetric keys of an issuer, derived from its root secrets. */
export interface DerivedKeys {
  /** Identifies the current root secret without revealing it. Safe to store and to log. */
  readonly fingerprint: string
  /** The fingerprints of all root secrets, the current one first. */
  readonly fingerprints: readonly string[]
  /** The short ID of the current root secret: 8 base64url characters. */
  readonly currentId: string
  /** Returns the 32-byte key derived from the current root secret. */
  key(purpose: KeyPurpose): Buffer
  /** Returns the keys derived from all root secrets, by the short ID of the secret. The current one comes first. */
  keysById(purpose: KeyPurpose): ReadonlyMap<string, Buffer>
}

/** Throws `ConfigError` if a root secret is too short or repeated, or if there is not exactly one current secret. */
export function createDerivedKeys({ secrets }: Pick<Secrets, 'secrets'>): DerivedKeys {
  const problems = rootSecretProblems(secrets)
  const [current, ...others] = currentFirst(secrets)
  if (problems.length > 0 || !current) throw new ConfigError(problems)
  const ordered = [current, ...others]
  return {
    fingerprint: rootSecretFingerprint(current),
    fingerprints: ordered.map(rootSecretFingerprint),
    currentId: rootSecretId(current),
    key: memoize((purpose) => deriveBytes(current, `key/${purpose}`)),
    keysById: memoize(
      (purpose) =>
        new Map(ordered.map((secret) => [rootSecretId(secret), deriveBytes(secret, `key/${purpose}`)])),
    ),
  }
}

const isCurrent = ({ state = 'current' }: RootSecret): boolean => state === 'current'

const currentFirst = (secrets: readonly RootSecret[]): readonly RootSecret[] => [
  ...secrets.filter(isCurrent),
  ...secrets.filter((secret) => !isCurrent(secret)),
]

function memoize<Value>(derive: (purpose: string) => Value): (purpose: string) => Value {
  const known = new Map<string, Value>()
  return (purpose) => {
    const value = known.get(purpose) ?? derive(purpose)
    known.set(purpose, value)
    return value
  }
}

/**
 * Derives 32 bytes with HKDF-SHA256 (RFC 5869). No salt is needed, because the secret is random. The result reveals neither
 * the secret nor what is derived for other labels.
 */
export const deriveBytes = ({ value }: RootSecret, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', value.trim(), '', `consulate/1/${label}`, 32))

/** The public ID of a root secret: 8 base64url characters. Every refresh token contains it. */
export const rootSecretId = (secret: RootSecret): string =>
  deriveBytes(secret, 'id').toString('base64url').slice(0, 8)

/**
 * Identifies a root secret in the store without revealing it. The label does not start with `key/`, so it can never be
 * equal to a key.
 */
export const rootSecretFingerprint = (secret: RootSecret): string =>
  deriveBytes(secret, 'fingerprint').toString('base64url')

/** 32 bytes in base64url. */
const MIN_SECRET_LENGTH = 43

export function rootSecretProblems(secrets: readonly RootSecret[]): readonly ConfigProblem[] {
  const count = secrets.filter(isCurrent).length
  const message = `must contain exactly one current secret, not ${count}`
  const problems: ConfigProblem[] = count === 1 ? [] : [{ path: 'secrets.secrets', message }]
  const values = secrets.map(({ value }) => value.trim())
  for (const [index, value] of values.entries()) {
    const path = `secrets.secrets[${index}]`
    if (value.length < MIN_SECRET_LENGTH) problems.push({ path, message: TOO_SHORT })
    else if (values.indexOf(value) < index) problems.push({ path, message: 'is listed twice' })
  }
  return problems
}

const TOO_SHORT = `must have at least ${MIN_SECRET_LENGTH} random characters, such as 32 bytes in base64url`
