import { ConfigError } from '../errors.ts'
import { secretsFromDirectory } from '../keys/directory.ts'
import { secretsFromEnvironment, type Environment } from '../keys/environment.ts'
import { hasSealingSecret, readSealingSecrets } from '../keys/sealing-secret.ts'
import type { SecretsSource } from '../keys/secrets-source.ts'
import { openStoreSecrets } from '../keys/store.ts'
import type { Store } from '../store/contract.ts'

/** Where secrets can be, apart from the environment itself. */
interface SecretPlaces {
  readonly store: Store
  readonly issuer: string
  readonly directory: string
}

/**
 * Returns the secrets that environment variables give or, with a sealing secret, those in the store. Otherwise those in the
 * directory.
 *
 * @throws ConfigError if the environment gives both secrets and a sealing secret
 */
export function secretsOf(environment: Environment, { directory, ...context }: SecretPlaces): SecretsSource {
  const isSealed = hasSealingSecret(environment)
  const areGiven = Boolean(environment['CONSULATE_PRIVATE_KEY'] || environment['CONSULATE_SECRET'])
  if (isSealed && areGiven) throw new ConfigError([{ path: 'CONSULATE_SEALING_SECRET', message: AMBIGUOUS }])
  if (areGiven) return secretsFromEnvironment(environment)
  if (isSealed) return openStoreSecrets(context, () => readSealingSecrets(environment))
  return secretsFromDirectory(directory)
}

const AMBIGUOUS =
  'must not be set together with CONSULATE_PRIVATE_KEY or CONSULATE_SECRET: it is for secrets in the database'
