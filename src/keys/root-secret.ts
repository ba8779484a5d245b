import { hkdfSync } from 'node:crypto'
import type { ConfigProblem } from '../errors.ts'
import type { RootSecret } from './secrets.ts'

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
