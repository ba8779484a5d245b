import { ConfigError } from '../errors.ts'
import { privateKeyBlocks } from './pem.ts'
import type { KeyState, RootSecret, Secrets, SecretsSource, SigningKey } from './secrets.ts'

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

const REQUIRED = {
  CONSULATE_PRIVATE_KEY: 'is not set: it holds the private key that signs tokens, as PEM',
  CONSULATE_SECRET: 'is not set: it holds 43 random characters or more, such as 32 bytes as base64url',
} as const

/**
 * Reads the secrets from environment variables: `CONSULATE_PRIVATE_KEY` (PEM; a literal `\n` counts as a line break)
 * and `CONSULATE_SECRET`; those that come next, `CONSULATE_NEXT_PRIVATE_KEYS` (PEM after PEM) and
 * `CONSULATE_NEXT_SECRETS` (with commas between); and in the same way earlier ones, `CONSULATE_RETIRED_PRIVATE_KEYS` and
 * `CONSULATE_RETIRED_SECRETS`. Loading throws `ConfigError` where one of the first two is not set.
 */
export const secretsFromEnvironment = (environment: Environment = process.env): SecretsSource => ({
  description: 'the environment variables CONSULATE_PRIVATE_KEY and CONSULATE_SECRET',
  load: async () => readEnvironment(environment),
})

function readEnvironment(environment: Environment): Secrets {
  const missing = Object.entries(REQUIRED).filter(([name]) => !environment[name]?.trim())
  if (missing.length > 0) throw new ConfigError(missing.map(([path, message]) => ({ path, message })))
  return {
    signingKeys: [
      ...readKeys(environment['CONSULATE_PRIVATE_KEY'], 'current'),
      ...readKeys(environment['CONSULATE_NEXT_PRIVATE_KEYS'], 'next'),
      ...readKeys(environment['CONSULATE_RETIRED_PRIVATE_KEYS'], 'retired'),
    ],
    secrets: [
      { value: environment['CONSULATE_SECRET'] ?? '', state: 'current' },
      ...readSecrets(environment['CONSULATE_NEXT_SECRETS'], 'next'),
      ...readSecrets(environment['CONSULATE_RETIRED_SECRETS'], 'retired'),
    ],
  }
}

const readKeys = (text: string | undefined, state: KeyState): readonly SigningKey[] =>
  text?.trim() ? privateKeyBlocks(text).map((privateKey) => ({ privateKey, state })) : []

const readSecrets = (text = '', state: KeyState): readonly RootSecret[] =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((value) => ({ value, state }))
