import { ConfigError } from '../errors.ts'
import type { Emission, Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import type { Client } from '../model/client.ts'
import type { RevocationCause } from '../model/revocation.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import type { ClientStore } from '../store/clients.ts'
import { announcingStore, payloadOf, type ClientActor } from './announce.ts'
import type { ClientCache } from './cache.ts'
import type { ClientFields } from './fields.ts'
import type { ClientDeclaration } from './declaration.ts'
import {
  registerClient,
  registerOwnedClient,
  type OwnedClientOutcome,
  type OwnerRules,
  type RegisteredClient,
} from './register.ts'
import type { ClientRegistration, OwnedClientRegistration } from './registration.ts'
import { rotateSecret, type RotatedSecret, type SecretRotation } from './rotate-secret.ts'
import { updateClient, type ClientUpdate } from './update.ts'

/**
 * The only way to change clients. Writes to the store, then drops the client from this node's cache, then emits an event.
 * The methods return undefined if the client does not exist.
 */
export interface ClientRegistry {
  /** Throws `ConfigError` with every problem of the registration. */
  create(registration: ClientRegistration, actor: ClientActor): Promise<RegisteredClient<Client>>
  /**
   * Registers a client of a user only if the user has fewer than `limit` unrevoked clients, and registered fewer than
   * twice as many in the last 24 hours, because every node remembers a revoked client forever. A user who was signed out
   * everywhere in the meantime registers none: it would be left behind when a user is deleted. Throws `ConfigError` as
   * `create` does.
   */
  createOwned(
    registration: OwnedClientRegistration,
    rules: OwnerRules,
    actor: ClientActor,
  ): Promise<OwnedClientOutcome>
  /**
   * Throws `ConfigError` with every problem of the updated client, or if it is revoked or declared, and whatever a
   * function throws.
   */
  update(
    id: string,
    update: ClientUpdate | ((current: Client) => ClientUpdate),
    actor: ClientActor,
  ): Promise<Client | undefined>
  /** Throws `ConfigError` for a public or revoked client, or if its secret is declared, and whatever `check` throws. */
  rotateSecret(
    id: string,
    rotation: SecretRotation | undefined,
    actor: ClientActor,
    check?: (current: Client) => void,
  ): Promise<RotatedSecret<Client> | undefined>
  /** Revokes a client with everything it has. Can be repeated. Returns whether the client exists. */
  revoke(id: string, actor: ClientActor): Promise<boolean>
}

/** What the registry needs. The command line has neither a cache nor listeners. */
export interface ClientRegistryOptions {
  readonly store: ClientStore
  readonly clock: Clock
  readonly events?: Pick<Events, 'commit'>
  readonly cache?: Pick<ClientCache, 'forget'>
  /** The checks of the client's own fields. Default: it has none. */
  readonly fields?: ClientFields
  /** Declared clients, which only the configuration can change. */
  readonly declared?: readonly ClientDeclaration[]
  /** Returns undefined if the client is unknown. */
  readonly revoke: (
    target: RevocationTarget,
    cause: RevocationCause,
    emissionsOf: () => readonly Emission[],
  ) => Promise<unknown>
}

export function createClientRegistry(options: ClientRegistryOptions): ClientRegistry {
  const { store, clock, events, cache, revoke, fields, declared = [] } = options
  const declarationOf = (id: string) => declared.find(({ client }) => client.id === id)
  const writes = (actor: ClientActor) => announcingStore({ store, events, cache }, actor)
  return {
    create: async (registration, actor) => registerClient(writes(actor), clock, registration, fields),
    createOwned: async (registration, rules, actor) =>
      registerOwnedClient(writes(actor), clock, registration, rules),
    async update(id, update, actor) {
      if (declarationOf(id)) throw new ConfigError([DECLARED])
      return (await updateClient(writes(actor), id, update, fields))?.client
    },
    async rotateSecret(id, rotation, actor, check) {
      if (declarationOf(id)?.client.secrets[0]) throw new ConfigError([SECRET_DECLARED])
      return rotateSecret(writes(actor), clock, id, rotation, check)
    },
    async revoke(id, actor) {
      const client = await store.find(id)
      if (!client) return false
      await revoke({ kind: 'client', id }, { ...actor, reason: 'client_revoked' }, () =>
        client.revokedAt === null ? [['client.revoked', payloadOf(client, actor)]] : [],
      )
      cache?.forget(id)
      return true
    },
  }
}

/** The next start would undo the change. */
const DECLARED = { path: 'id', message: 'is declared in the configuration. Change it there' } as const
const SECRET_DECLARED = {
  path: 'id',
  message: 'has its secret in the configuration. Change it there',
} as const
