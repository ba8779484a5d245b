import { ConfigError } from '../errors.ts'
import type { Epochs } from '../model/epochs.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationStore } from '../store/revocations.ts'
import { missingFunction, type AnyUserProvider, type BaseUser, type PasswordFunctions } from './provider.ts'

/** A user, and their epochs just before they were looked up. */
export interface LoadedUser {
  readonly user: BaseUser
  readonly ref: UserRef
  readonly epochs: Epochs
}

/** Looks users up by provider. */
export interface UserDirectory {
  /** The provider of built-in users, so that a row of `store.users` is all that a user is. Undefined if there is none. */
  readonly builtInProvider: string | undefined
  /** Returns whether the provider exists. */
  has(provider: string): boolean
  /** Returns a provider. Throws `ConfigError` if it does not exist. */
  provider(name: string): AnyUserProvider
  /** Returns the functions that check a provider's passwords. They throw `ConfigError` if the provider lacks them. */
  passwords(name: string): PasswordFunctions
  /** Returns a user; undefined if they are deleted or disabled, or if the provider does not exist. */
  find(user: UserRef): Promise<BaseUser | undefined>
  /**
   * Returns a user and their epochs for a client. Check the user's password or code afterwards: if an epoch is raised after
   * it was read here, what is issued with it is void.
   */
  load(user: UserRef, clientId: string): Promise<LoadedUser | undefined>
}

/** What users are looked up in. */
export interface UserDirectoryOptions {
  readonly providers: ReadonlyMap<string, AnyUserProvider>
  readonly builtInProvider: string | undefined
  readonly epochs: RevocationStore['readEpochs']
  readonly subjectOf: (user: UserRef) => string
}

/** Creates the user directory of one server. */
export function createUserDirectory({
  providers,
  builtInProvider,
  epochs,
  subjectOf,
}: UserDirectoryOptions): UserDirectory {
  const find: UserDirectory['find'] = async ({ provider, userId }) => {
    const user = await providers.get(provider)?.find(userId)
    // Some databases treat `7abc` as 7. Under a second id, a user would escape the revocations of the first.
    return user && String(user.id) === userId ? user : undefined
  }
  const providerOf: UserDirectory['provider'] = (name) => providers.get(name) ?? throwUnknownProvider(name)
  return {
    builtInProvider,
    has: (provider) => providers.has(provider),
    provider: providerOf,
    passwords: (name) => passwordFunctionsOf(providerOf(name), name),
    find,
    async load(ref, clientId) {
      const current = await epochs(subjectOf(ref), clientId)
      const user = await find(ref)
      return user && { user, ref, epochs: current }
    },
  }
}

function throwUnknownProvider(provider: string): never {
  throw new ConfigError([{ path: 'providers', message: `has no provider ${JSON.stringify(provider)}` }])
}

/** Calls them on the provider, which may be an instance of a class. */
const passwordFunctionsOf = (users: AnyUserProvider, name: string): PasswordFunctions => ({
  findByUsername: async (username) =>
    users.findByUsername ? users.findByUsername(username) : throwMissing(name, 'findByUsername'),
  verifyPassword: async (user, password) =>
    users.verifyPassword ? users.verifyPassword(user, password) : throwMissing(name, 'verifyPassword'),
})

const throwMissing = (provider: string, name: keyof PasswordFunctions): never => {
  throw missingFunction(provider, name)
}
