import type { Config } from './config/config.ts'
import { NEEDS_SET_PASSWORD } from './config/password-reset.ts'
import type { Settings } from './config/settings.ts'
import type { Services } from './endpoints/services.ts'
import { ConfigError } from './errors.ts'
import { areBuiltInUsers } from './users/built-in.ts'
import { createUserDirectory, type UserDirectory } from './users/directory.ts'

/**
 * Opens the users of all providers.
 *
 * @throws ConfigError if the default provider is not usable
 */
export function openUserDirectory(
  { provider, clock, passwordReset }: Settings,
  { store, users, providers = {} }: Config,
  subject: Services['subjectOf'],
): UserDirectory {
  const main = typeof users === 'function' ? users({ store, clock }) : users
  if (typeof main.find !== 'function') throw new ConfigError([NOT_CALLED])
  if (typeof users === 'function' && main.appSession !== undefined) throw new ConfigError([NOT_IN_FACTORY])
  const all = new Map([[provider, main], ...Object.entries(providers)])
  if (passwordReset && !Array.from(all.values()).some(({ setPassword }) => setPassword))
    throw new ConfigError([NEEDS_SET_PASSWORD])
  return createUserDirectory({
    providers: all,
    builtInProvider: areBuiltInUsers(users) ? provider : undefined,
    epochs: store.revocations.readEpochs,
    subjectOf: subject,
  })
}

/** `builtInUsers` without parentheses is a function too: a factory of factories. */
const NOT_CALLED = { path: 'users', message: 'must be called: write builtInUsers()' } as const

/** The settings must be known before the server starts: they decide its endpoints. */
const NOT_IN_FACTORY = {
  path: 'users.appSession',
  message: 'must not be set by a function that returns the provider. Write users: { appSession, … }',
} as const
