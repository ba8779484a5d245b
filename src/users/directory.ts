import { ConfigError } from '../errors.ts'
import type { Epochs } from '../model/epochs.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationStore } from '../store/revocations.ts'
import type { BaseUser, UserProvider } from './provider.ts'

/** A person who was looked up, and the epochs that they were in just before. */
export interface LoadedUser {
  readonly user: BaseUser
  readonly ref: UserRef
  readonly epochs: Epochs
}

/** Everybody who can sign in, by provider. */
export interface UserDirectory {
  /** Whether there is a provider of this name. */
  has(provider: string): boolean
  /** The provider of this name. Throws `ConfigError` where there is none. */
  provider(provider: string): UserProvider
  /** The person, or undefined where deleted, disabled, or of a provider that there is not. */
  find(user: UserRef): Promise<BaseUser | undefined>
  /**
   * The person and the epochs that they are in, for a client. The epochs are read first: whatever is checked of the
   * person afterwards, a password or a code, is void once they are raised.
   */
  load(user: UserRef, clientId: string): Promise<LoadedUser | undefined>
}

/** What people are looked up in. */
export interface UserDirectoryOptions {
  readonly providers: ReadonlyMap<string, UserProvider>
  readonly epochs: RevocationStore['readEpochs']
  readonly subjectOf: (user: UserRef) => string
}

/** Makes the people of one server. */
export function createUserDirectory({ providers, epochs, subjectOf }: UserDirectoryOptions): UserDirectory {
  const find: UserDirectory['find'] = async ({ provider, userId }) => {
    const user = await providers.get(provider)?.find(userId)
    // Some databases take `7abc` for 7: under a second id a person would outlive what ends the first.
    return user && String(user.id) === userId ? user : undefined
  }
  return {
    has: (provider) => providers.has(provider),
    provider: (provider) => providers.get(provider) ?? throwUnknownProvider(provider),
    find,
    async load(ref, clientId) {
      const present = await epochs(subjectOf(ref), clientId)
      const user = await find(ref)
      return user && { user, ref, epochs: present }
    },
  }
}

function throwUnknownProvider(provider: string): never {
  throw new ConfigError([{ path: 'providers', message: `has no ${JSON.stringify(provider)}` }])
}
