import { registerClient, type RegisteredClient } from './clients/register.ts'
import type { ClientRegistration } from './clients/registration.ts'
import { rotateSecret, type RotatedSecret, type SecretRotation } from './clients/rotate-secret.ts'
import { updateClient, type ClientUpdate } from './clients/update.ts'
import type { Services } from './endpoints/services.ts'
import { ConfigError } from './errors.ts'
import { purge, type PurgeOptions, type PurgeReport } from './jobs/purge.ts'
import type { AuditEntry } from './model/audit.ts'
import {
  toAuthorizationInfo,
  toClientInfo,
  toSessionInfo,
  type AuthorizationInfo,
  type ClientInfo,
  type SessionInfo,
} from './model/info.ts'
import type { UserRef } from './model/subject.ts'
import {
  type CreatedPersonalToken,
  createPersonalTokenFor,
  type PersonalToken,
  type PersonalTokenRequest,
} from './personal-tokens/personal-tokens.ts'
import type { ListOptions } from './store/contract.ts'
import type { RevocationTarget } from './store/revocations.ts'
import { changePassword, type PasswordChange } from './users/change-password.ts'
import { toUserId } from './users/provider.ts'

/**
 * A person: their id with the provider, or anything that has it, such as `auth.user` or your own row. Who says no provider
 * is of the default one. A provider that the server does not have is a `ConfigError`, never taken for the default one:
 * that would end the sign-ins of somebody else with the same id. So where `provider` means something else in your rows
 * (`google`), hand over the id alone. What can be no id, such as undefined, is a `ConfigError` too: it would end nothing.
 */
export type UserLike = string | { readonly id: string | number; readonly provider?: string }

/** What the application that owns the server may do with it, beside answering requests. */
export interface Administration<Scope extends string = string> {
  readonly clients: {
    /** Registers a client; its secret is told this once. Throws `ConfigError` with every problem. */
    create(registration: ClientRegistration): Promise<RegisteredClient>
    /** The client, revoked or not; undefined where there is none with this id. */
    find(id: string): Promise<ClientInfo | undefined>
    /** Clients by id, revoked ones too: at most `limit` (default 100), after the id `after`; of one owner where one is named. */
    list(page?: ListOptions & { readonly ownerId?: string }): Promise<readonly ClientInfo[]>
    /**
     * Changes a client: on this node at once, on others within a poll. Its type, provider and owner are for good. Undefined
     * where there is no such client. Throws `ConfigError` with every problem that it would have then, and for revoked ones.
     */
    update(id: string, update: ClientUpdate): Promise<ClientInfo | undefined>
    /**
     * Gives a confidential client another secret, told this once; those before work for the overlap (default 24 hours,
     * 0 ends them at once). Undefined where there is no such client. Throws `ConfigError` for public and revoked ones.
     */
    rotateSecret(id: string, rotation?: SecretRotation): Promise<RotatedSecret | undefined>
    /** Ends the client and everything it was given, at once. Whether there was such a client. */
    revoke(id: string): Promise<boolean>
  }
  readonly authorizations: {
    /** What the person has allowed and has not taken back, newest first. */
    list(user: UserLike): Promise<readonly AuthorizationInfo[]>
    /** Ends one authorization and its tokens, at once. Whether there was one with this id, ended or not. */
    revoke(id: string): Promise<boolean>
    /** Ends all that the person has allowed a client, codes on their way too, and forgets that they consented. */
    disconnect(user: UserLike, clientId: string): Promise<void>
  }
  readonly personalTokens: {
    /**
     * Makes a personal access token, for which no client has to be registered; it is told this once. Throws
     * `ConfigError` with every problem of the request; where nobody can make any, or the person is disabled or has 100.
     */
    create(user: UserLike, request: PersonalTokenRequest<Scope>): Promise<CreatedPersonalToken>
    /** The person's tokens that live, newest first. */
    list(user: UserLike): Promise<readonly PersonalToken[]>
    /** Ends a token, at once. Whether there is such a personal access token. */
    revoke(id: string): Promise<boolean>
  }
  readonly sessions: {
    /** The devices that the person is signed in on, last seen first. */
    list(user: UserLike): Promise<readonly SessionInfo[]>
    /** Signs one device out, and ends what ends with it, at once. Whether there was such a session, ended or not. */
    revoke(id: string): Promise<boolean>
  }
  readonly users: {
    /** Ends every session and every authorization of the person, at once. */
    signOutEverywhere(user: UserLike): Promise<void>
    /**
     * Replaces the person's password through the provider's `setPassword`, and ends every session and authorization of
     * theirs, at once. Apps of third parties go on with a refresh, unless `revokeThirdParties` is true. A sign-in with the old
     * password that is under way is void. Throws `ConfigError` where the provider has no `setPassword`, and what that
     * throws.
     */
    setPassword(user: UserLike, password: string, change?: PasswordChange): Promise<void>
  }
  readonly tokens: {
    /** Ends one access token by its `jti`; `expiresAt` (ms) says how long that must be remembered. */
    revoke(token: { readonly tokenId: string; readonly expiresAt: number }): Promise<void>
  }
  readonly audit: {
    /** Why a request was refused, and what else is known of it, by the `X-Request-Id` of its answer; empty where nothing is. */
    find(requestId: string): Promise<readonly AuditEntry[]>
  }
  /**
   * Deletes what has ended and what nothing alive depends on, in small batches; never clients, people or consents. The
   * server does it by itself, unless its configuration says `purge: 'manual'`. Throws `ConfigError` where `hours` is no
   * number from 0.
   */
  purge(options?: PurgeOptions): Promise<PurgeReport>
}

/** Makes the administration of a server; it works once the server has started. */
export function createAdministration(started: () => Promise<Services>): Administration {
  return {
    clients: clientAdministration(started),
    authorizations: authorizationAdministration(started),
    personalTokens: personalTokenAdministration(started),
    sessions: {
      list: async (user) => {
        const services = await started()
        const { store, settings } = services
        const sessions = await store.sessions.listByUser(userRef(services, user), settings.clock.now())
        return sessions.map(toSessionInfo)
      },
      revoke: async (id) => (await (await started()).revoker.revoke({ kind: 'session', id })) !== undefined,
    },
    users: {
      async signOutEverywhere(user) {
        const services = await started()
        const { revoker, subjectOf } = services
        const ref = userRef(services, user)
        await revoker.revoke({ kind: 'user', user: ref, subject: subjectOf(ref) })
      },
      async setPassword(user, password, change) {
        const services = await started()
        const { userDirectory, revoker, subjectOf } = services
        const revoke = (order: RevocationTarget) => revoker.revoke(order)
        const ref = userRef(services, user)
        const users = userDirectory.provider(ref.provider)
        await changePassword({ users, revoke, subjectOf }, ref, password, change)
      },
    },
    tokens: {
      async revoke({ tokenId, expiresAt }) {
        await (await started()).revoker.revoke({ kind: 'token', jti: tokenId, expiresAt })
      },
    },
    audit: { find: async (requestId) => (await started()).audit.find(requestId) },
    async purge(options) {
      const { store, settings } = await started()
      return purge({ ...settings, store: store.purge }, options)
    },
  }
}

function clientAdministration(started: () => Promise<Services>): Administration['clients'] {
  return {
    async create(registration) {
      const { store, settings, userDirectory } = await started()
      const { provider = settings.provider } = registration
      userDirectory.provider(provider)
      const { client, secret } = await registerClient(store.clients, settings.clock, {
        ...registration,
        provider,
      })
      return { client: toClientInfo(client), secret }
    },
    async find(id) {
      const client = await (await started()).store.clients.find(id)
      return client && toClientInfo(client)
    },
    list: async (page) => (await (await started()).store.clients.list(page)).map(toClientInfo),
    async update(id, update) {
      const { store, clients } = await started()
      const client = await updateClient(store.clients, id, update)
      clients.forget(id)
      return client && toClientInfo(client)
    },
    async rotateSecret(id, rotation) {
      const { store, settings, clients } = await started()
      const rotated = await rotateSecret(store.clients, settings.clock, id, rotation)
      clients.forget(id)
      return rotated && { ...rotated, client: toClientInfo(rotated.client) }
    },
    async revoke(id) {
      const { revoker, clients } = await started()
      const entry = await revoker.revoke({ kind: 'client', id })
      clients.forget(id)
      return entry !== undefined
    },
  }
}

function authorizationAdministration(started: () => Promise<Services>): Administration['authorizations'] {
  const list = async (user: UserLike): Promise<readonly AuthorizationInfo[]> => {
    const services = await started()
    const { store, settings } = services
    const found = await store.authorizations.listByUser(userRef(services, user), settings.clock.now())
    return found.map(toAuthorizationInfo)
  }
  const revoke = async (id: string): Promise<boolean> =>
    (await (await started()).revoker.revoke({ kind: 'authorization', id })) !== undefined
  return {
    list,
    revoke,
    async disconnect(user, clientId) {
      const services = await started()
      const { store, settings } = services
      await store.consents.delete(userRef(services, user), clientId, settings.clock.now())
      const those = (await list(user)).filter((authorization) => authorization.clientId === clientId)
      await Promise.all(those.map(({ id }) => revoke(id)))
    },
  }
}

function personalTokenAdministration(started: () => Promise<Services>): Administration['personalTokens'] {
  return {
    async create(user, request) {
      const services = await started()
      if (services.settings.personalTokens)
        return createPersonalTokenFor(services, userRef(services, user), request)
      throw new ConfigError([{ path: 'personalTokens', message: 'is not configured: nobody can make any' }])
    },
    async list(user) {
      const services = await started()
      return services.personalTokens.list(userRef(services, user))
    },
    revoke: async (id) => (await started()).personalTokens.revoke(id),
  }
}

function userRef({ settings, userDirectory }: Services, user: UserLike): UserRef {
  const { id, provider = settings.provider } = typeof user === 'string' ? { id: user } : user
  userDirectory.provider(provider)
  return { provider, userId: toUserId({ id }, provider) }
}
