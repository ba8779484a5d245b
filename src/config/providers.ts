import type { Validator } from '../lib/validator.ts'
import type { UserProvider } from '../users/provider.ts'
import type { Config } from './config.ts'

/** The user providers. */
export interface ProviderSettings {
  /** The name of the default provider. */
  readonly provider: string
  /** The names of all providers, the default one first. */
  readonly providers: readonly string[]
  /** Those that can change passwords, as far as known before the server starts. */
  readonly passwordProviders: ReadonlySet<string>
}

export function resolveProviders(
  { users, provider = 'users', providers = {} }: Partial<Config>,
  validator: Validator,
): ProviderSettings {
  checkName('provider', provider, validator)
  if (!users)
    validator.problem('users', 'is missing. Write builtInUsers(), or functions that look up your own users')
  else if (typeof users !== 'function') checkProvider('users', users, validator)
  for (const [name, other] of Object.entries(providers)) {
    checkName(`providers.${name}`, name, validator)
    if (name === provider)
      validator.problem(`providers.${name}`, 'has the name of the default user provider. Choose another one')
    if (typeof other === 'function')
      validator.problem(
        `providers.${name}`,
        'must be an object with your own functions: only users can be builtInUsers()',
      )
    else checkProvider(`providers.${name}`, other, validator)
  }
  const all = Object.entries({ [provider]: users, ...providers })
  return {
    provider,
    providers: all.map(([name]) => name),
    passwordProviders: new Set(all.filter(([, each]) => mayChangePasswords(each)).map(([name]) => name)),
  }
}

/** A factory is called later. */
const mayChangePasswords = (provider: Config['users'] | undefined): boolean =>
  typeof provider === 'function' || typeof provider?.setPassword === 'function'

/** The last parts of paths at which the page of a provider would collide with another endpoint: `/account/devices`. */
const RESERVED: ReadonlySet<string> = new Set(['code', 'devices', 'password', 'tokens'])

function checkName(path: string, name: string, validator: Validator): void {
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name) || RESERVED.has(name))
    validator.problem(
      path,
      "must be 1 to 32 lowercase letters, digits, '-' and '_', start with a letter, and not be 'code', 'devices', 'password' or 'tokens'",
    )
}

function checkProvider(
  path: string,
  provider: Partial<UserProvider> | undefined,
  validator: Validator,
): void {
  for (const name of ['find', 'findByUsername', 'verifyPassword'] as const) {
    if (typeof provider?.[name] !== 'function') validator.problem(`${path}.${name}`, 'must be a function')
  }
  if (provider?.signInWith !== undefined)
    validator.oneOf(`${path}.signInWith`, provider.signInWith, ['email', 'username', 'both'])
}
