import type { Validator } from '../lib/validator.ts'
import type { UserProvider } from '../users/provider.ts'
import type { Config } from './config.ts'

/** Who can sign in. */
export interface ProviderSettings {
  /** The name of the default provider. */
  readonly provider: string
  /** The names of all providers, the default one first. */
  readonly providers: readonly string[]
}

/** Checks the providers and their names. */
export function resolveProviders(
  { users, provider = 'users', providers = {} }: Partial<Config>,
  validator: Validator,
): ProviderSettings {
  checkName('provider', provider, validator)
  if (!users) validator.problem('users', 'is missing: write builtInUsers(), or look people up yourself')
  else if (typeof users !== 'function') checkFunctions('users', users, validator)
  for (const [name, other] of Object.entries(providers)) {
    checkName(`providers.${name}`, name, validator)
    if (name === provider) validator.problem(`providers.${name}`, 'has the name of the default provider')
    if (typeof other === 'function')
      validator.problem(
        `providers.${name}`,
        'must be a look-up of your own: builtInUsers() are one set of people',
      )
    else checkFunctions(`providers.${name}`, other, validator)
  }
  return { provider, providers: [provider, ...Object.keys(providers)] }
}

/** `code` would make `/oauth/device/code` the page of that provider. */
function checkName(path: string, name: string, validator: Validator): void {
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name) || name === 'code')
    validator.problem(path, 'must be a short name in lower case, such as users, and not code')
}

function checkFunctions(
  path: string,
  provider: Partial<UserProvider> | undefined,
  validator: Validator,
): void {
  for (const name of ['find', 'findByUsername', 'verifyPassword'] as const) {
    if (typeof provider?.[name] !== 'function') validator.problem(`${path}.${name}`, 'must be a function')
  }
}
