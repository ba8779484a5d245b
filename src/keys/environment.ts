import { ConfigError } from '../errors.ts'
import { privateKeyBlocks } from './pem.ts'
import type { KeyState, RootSecret, Secrets, SigningKey } from './secrets.ts'
import type { SecretsSource } from './secrets-source.ts'

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

const REQUIRED = {
  CONSULATE_PRIVATE_KEY: 'is not set. It must contain the private key that signs tokens, in PEM format',
  CONSULATE_SECRET:
    'is not set. It must contain at least 43 random characters, such as 32 bytes in base64url',
} as const

/**
 * Loads the secrets from environment variables. Required are `CONSULATE_PRIVATE_KEY` (PEM; a literal `\n` counts as a line
 * break) and `CONSULATE_SECRET`. The next ones are in `CONSULATE_NEXT_PRIVATE_KEYS` (concatenated PEM) and
 * `CONSULATE_NEXT_SECRETS` (separated by commas), the retired ones in `CONSULATE_RETIRED_PRIVATE_KEYS` and
 * `CONSULATE_RETIRED_SECRETS`. Loading throws `ConfigError` if a required variable is not set.
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
      ...parseKeys(environment['CONSULATE_PRIVATE_KEY'], 'current'),
      ...parseKeys(environment['CONSULATE_NEXT_PRIVATE_KEYS'], 'next'),
      ...parseKeys(environment['CONSULATE_RETIRED_PRIVATE_KEYS'], 'retired'),
    ],
    secrets: [
      { value: environment['CONSULATE_SECRET'] ?? '', state: 'current' },
      ...parseSecrets(environment['CONSULATE_NEXT_SECRETS'], 'next'),
      ...parseSecrets(environment['CONSULATE_RETIRED_SECRETS'], 'retired'),
    ],
  }
}

const parseKeys = (text: string | undefined, state: KeyState): readonly SigningKey[] =>
  text?.trim() ? privateKeyBlocks(text).map((privateKey) => ({ privateKey, state })) : []

const parseSecrets = (text = '', state: KeyState): readonly RootSecret[] =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((value) => ({ value, state }))
