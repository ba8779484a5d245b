import { ConfigError, type ConfigProblem } from '../errors.ts'
import type { RootSecret, Secrets } from './secrets.ts'
import { hkdfSync } from 'node:crypto'
/** What a derived key is for. A key of one purpose tells nothing about another's. */
export type KeyPurpose =
  | 'refresh-token'
  | 'code'
  | 'csrf'
  | 'consent'
  | 'user-code'
  | 'personal-token'
  | 'return-to'
  | 'device-cookie'

/** The symmetric keys of an issuer, all of them derived from its root secrets. */
export interface DerivedKeys {
  /** Names the current root secret without giving it away: safe to store and to log. */
  readonly fingerprint: string
  /** The fingerprints of all root secrets, the current one first. */
  readonly fingerprints: readonly string[]
  /** The short id of the current root secret: 8 base64url characters. */
  readonly currentId: string
  /** The 32-byte key of a purpose, from the current root secret; kept in memory. */
  key(purpose: KeyPurpose): Buffer
  /** The keys of a purpose by the short id of their root secret, the current one first. */
  keysById(purpose: KeyPurpose): ReadonlyMap<string, Buffer>
}

/** Derives keys from the root secrets. Throws `ConfigError` where one is too short or not exactly one is current. */
export function createDerivedKeys({ secrets }: Pick<Secrets, 'secrets'>): DerivedKeys {
  const problems = rootSecretProblems(secrets)
  const [current, ...others] = currentFirst(secrets)
  if (problems.length > 0 || !current) throw new ConfigError(problems)
  const ordered = [current, ...others]
  const keysById = memoized((purpose) => keysOf(ordered, purpose))
  return {
    fingerprint: rootSecretFingerprint(current),
    fingerprints: ordered.map(rootSecretFingerprint),
    currentId: rootSecretId(current),
    key: memoized((purpose) => deriveBytes(current, `key/${purpose}`)),
    keysById,
  }
}

const isCurrent = ({ state = 'current' }: RootSecret): boolean => state === 'current'

const currentFirst = (secrets: readonly RootSecret[]): readonly RootSecret[] => [
  ...secrets.filter(isCurrent),
  ...secrets.filter((secret) => !isCurrent(secret)),
]

const keysOf = (secrets: readonly RootSecret[], purpose: string): ReadonlyMap<string, Buffer> =>
  new Map(secrets.map((secret) => [rootSecretId(secret), deriveBytes(secret, `key/${purpose}`)]))

function memoized<Value>(derive: (purpose: string) => Value): (purpose: string) => Value {
  const known = new Map<string, Value>()
  return (purpose) => {
    const value = known.get(purpose) ?? derive(purpose)
    known.set(purpose, value)
    return value
  }
}

/** 32 bytes as base64url. */
const MINIMUM_LENGTH = 43

/**
 * 32 bytes that belong to a root secret and a label, by HKDF-SHA256 (RFC 5869) without a salt: the secret is random.
 * Who knows them knows neither the secret nor what other labels give.
 */
export const deriveBytes = ({ value }: RootSecret, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', value.trim(), '', `consulate/1/${label}`, 32))

/** The public name of a root secret: 8 base64url characters. It is in every refresh token. */
export const rootSecretId = (secret: RootSecret): string =>
  deriveBytes(secret, 'id').toString('base64url').slice(0, 8)

/**
 * Names a root secret in the store, without giving it away. The label has no `key/` before it: no purpose can ever
 * derive what is stored in the open.
 */
export const rootSecretFingerprint = (secret: RootSecret): string =>
  deriveBytes(secret, 'fingerprint').toString('base64url')

/** What is wrong with the root secrets: too short, repeated, not exactly one of them current. */
export function rootSecretProblems(secrets: readonly RootSecret[]): readonly ConfigProblem[] {
  const count = secrets.filter(({ state = 'current' }) => state === 'current').length
  const message = `needs exactly one current secret, not ${count === 0 ? 'none' : count}`
  const problems: ConfigProblem[] = count === 1 ? [] : [{ path: 'secrets.secrets', message }]
  const values = secrets.map(({ value }) => value.trim())
  for (const [index, value] of values.entries()) {
    const path = `secrets.secrets[${index}]`
    if (value.length < MINIMUM_LENGTH) problems.push({ path, message: TOO_SHORT })
    else if (values.indexOf(value) < index) problems.push({ path, message: 'is listed twice' })
  }
  return problems
}

const TOO_SHORT = `is too short: it needs ${MINIMUM_LENGTH} random characters or more, such as 32 bytes as base64url`
