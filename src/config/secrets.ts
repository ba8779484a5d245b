import type { SecretsSource } from '../keys/secrets-source.ts'
import type { Validator } from '../lib/validator.ts'
import type { Config } from './config.ts'

/** Returns the source of the secrets. Secrets in the configuration become a source too. */
export function resolveSecrets(
  { secrets, store, issuer }: Pick<Config, 'secrets' | 'store' | 'issuer'>,
  validator: Validator,
): SecretsSource {
  if (typeof secrets === 'function') return secrets({ store, issuer })
  const given = typeof secrets === 'object' ? secrets : { signingKeys: [], secrets: [] }
  if (given !== secrets)
    validator.problem(
      'secrets',
      `${secrets ? 'is not a source of secrets' : 'is missing'}. Write secretsFromDirectory('./data/secrets')`,
    )
  if ('load' in given) return given
  return { description: 'the configuration', load: async () => given }
}
