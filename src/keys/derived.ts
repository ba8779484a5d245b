import { ConfigError } from '../errors.ts'
import { deriveBytes, rootSecretFingerprint, rootSecretId, rootSecretProblems } from './root-secret.ts'
import type { RootSecret, Secrets } from './secrets.ts'

/** What a derived key is for. A key of one purpose tells nothing about another's. */
export type KeyPurpose = 'refresh-token' | 'code' | 'csrf' | 'consent' | 'user-code' | 'personal-token'

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
