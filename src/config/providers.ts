import type { Validator } from '../lib/validator.ts'
import type { PasswordFunctions, UserProvider } from '../users/provider.ts'
import { appSessionOf } from './app-session.ts'
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
  { users, provider = 'users', providers = {}, grants = [], passwordReset }: Partial<Config>,
  validator: Validator,
): ProviderSettings {
  checkName('provider', provider, validator)
  const needs = passwordNeeds(grants, passwordReset !== undefined)
  if (!users)
    validator.problem('users', 'is missing. Write builtInUsers(), or functions that look up your own users')
  else if (typeof users !== 'function') checkProvider('users', users, needs, validator)
  for (const [name, other] of Object.entries(providers)) {
    checkName(`providers.${name}`, name, validator)
    if (name === provider)
      validator.problem(`providers.${name}`, 'has the name of the default user provider. Choose another one')
    if (typeof other === 'function')
      validator.problem(
        `providers.${name}`,
        'must be an object with your own functions: only users can be builtInUsers()',
      )
    else checkProvider(`providers.${name}`, other, needs, validator)
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
const RESERVED: ReadonlySet<string> = new Set(['code', 'devices', 'password', 'apps', 'tokens', 'developer'])

function checkName(path: string, name: string, validator: Validator): void {
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name) || RESERVED.has(name))
    validator.problem(
      path,
      "must be 1 to 32 lowercase letters, digits, '-' and '_', start with a letter, and not be 'code', 'devices', 'password', 'apps', 'tokens' or 'developer'",
    )
}

function checkProvider(
  path: string,
  provider: Partial<UserProvider> | undefined,
  needs: PasswordNeeds,
  validator: Validator,
): void {
  if (typeof provider?.find !== 'function') validator.problem(`${path}.find`, 'must be a function')
  const hasAppSession = appSessionOf(provider) !== undefined
  for (const name of ['findByUsername', 'verifyPassword'] as const) {
    if (typeof provider?.[name] === 'function') continue
    const feature = needs[name]
    if (!hasAppSession || (provider?.[name] !== undefined && provider[name] !== null))
      validator.problem(`${path}.${name}`, 'must be a function')
    else if (feature !== undefined)
      validator.problem(`${path}.${name}`, `must be a function: ${feature} needs it`)
  }
  if (provider?.signInWith !== undefined)
    validator.oneOf(`${path}.signInWith`, provider.signInWith, ['email', 'username', 'both'])
}

/** The feature that needs each function, even if users sign in to the app. */
type PasswordNeeds = Partial<Record<keyof PasswordFunctions, string>>

function passwordNeeds(grants: Config['grants'], hasReset: boolean): PasswordNeeds {
  const needs = (name: keyof PasswordFunctions): string | undefined => {
    const grant = grants.find((each) => needsFunction(each, name))
    if (grant) return grant.type === 'sign_in' ? 'signIn()' : 'passwordGrant()'
    return hasReset && name === 'findByUsername' ? 'passwordReset' : undefined
  }
  const [findByUsername, verifyPassword] = [needs('findByUsername'), needs('verifyPassword')]
  return { ...(findByUsername && { findByUsername }), ...(verifyPassword && { verifyPassword }) }
}

/** The password grant can have its own functions. */
function needsFunction(grant: Config['grants'][number] | undefined, name: keyof PasswordFunctions): boolean {
  const options = grant && 'options' in grant ? (grant.options as object) : {}
  return grant?.type === 'sign_in' || (grant?.type === 'password' && !(name in options))
}
