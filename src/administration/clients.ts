import type { AnyFieldsSchema, FieldsInput, FieldsOf, FieldsSchema } from '../clients/fields.ts'
import type { RegisteredClient } from '../clients/register.ts'
import type { ClientRegistration } from '../clients/registration.ts'
import type { RotatedSecret, SecretRotation } from '../clients/rotate-secret.ts'
import type { ClientUpdate } from '../clients/update.ts'
import type { Services } from '../endpoints/services.ts'
import { ConfigError } from '../errors.ts'
import type { Client } from '../model/client.ts'
import { toClientInfo, type ClientInfo } from '../model/info.ts'
import type { ListOptions } from '../store/list-options.ts'
import { toUserRef, type UserLike } from './user.ts'

/** A client to register, with its owner as a user or as their `sub`. */
export interface NewClient<Fields extends object = object> extends ClientRegistration<Fields> {
  /**
   * The user who registers the client, in place of `ownerId`. The client is then third-party, and the default of `provider`
   * is the provider of the owner.
   */
  readonly owner?: UserLike
}

/** Registers, changes and revokes clients. */
export interface ClientAdministration<Schema extends FieldsSchema = AnyFieldsSchema> {
  /**
   * Registers a client. The `secret` is returned only here: the store keeps a hash.
   *
   * @throws ConfigError with every problem of the registration
   */
  create(
    registration: NewClient<FieldsInput<Schema>>,
  ): Promise<RegisteredClient<ClientInfo<FieldsOf<Schema>>>>
  /** Returns a client, revoked or not, or undefined if no client has this ID. */
  find(id: string): Promise<ClientInfo<FieldsOf<Schema>> | undefined>
  /**
   * Lists clients by ID, in ascending order, revoked ones included: at most `limit` (default 100), starting after the ID
   * `after`. With `ownerId`, lists the clients of that owner only.
   *
   * @throws ConfigError if `limit` is not a positive integer, or if `ownerId` is present but undefined
   */
  list(
    options?: ListOptions & { readonly ownerId?: string },
  ): Promise<readonly ClientInfo<FieldsOf<Schema>>[]>
  /**
   * Lists the clients that a user has registered, without revoked ones, by ID in ascending order: at most `limit` (default
   * 100), starting after the ID `after`.
   *
   * @throws ConfigError if `limit` is not a positive integer, or if the user is missing
   */
  listByOwner(user: UserLike, options?: ListOptions): Promise<readonly ClientInfo<FieldsOf<Schema>>[]>
  /**
   * Updates a client, on other nodes within a second. Its type, provider and owner never change. Returns undefined if no
   * client has this ID.
   *
   * @throws ConfigError with every problem of the updated client, or if it is revoked or declared in the configuration
   */
  update(
    id: string,
    update: ClientUpdate<FieldsInput<Schema>>,
  ): Promise<ClientInfo<FieldsOf<Schema>> | undefined>
  /**
   * Creates a new secret for a confidential client and returns it, only here. Older secrets keep working for `overlap`
   * (default 24 hours; 0 stops them immediately). Returns undefined if no client has this ID.
   *
   * @throws ConfigError for a public or revoked client, or if the secret is in the configuration
   */
  rotateSecret(
    id: string,
    rotation?: SecretRotation,
  ): Promise<RotatedSecret<ClientInfo<FieldsOf<Schema>>> | undefined>
  /**
   * Revokes a client and every authorization and token that it has. This cannot be undone, and a client that is declared in
   * the configuration stays revoked. Returns whether the client exists.
   */
  revoke(id: string): Promise<boolean>
}

const APP = { by: 'app' } as const

/** Creates the administration of the clients of a server. */
export function clientAdministration(start: () => Promise<Services>): ClientAdministration {
  return {
    async create(registration) {
      const services = await start()
      const checked = withProvider(services, withOwner(services, registration))
      const { client, secret } = await services.clientRegistry.create(checked, APP)
      return { client: toInfo(services, client), secret }
    },
    async find(id) {
      const services = await start()
      const client = await services.store.clients.find(id)
      return client && toInfo(services, client)
    },
    async list(options) {
      const services = await start()
      return (await services.store.clients.list(options)).map((client) => toInfo(services, client))
    },
    async listByOwner(user, options) {
      const services = await start()
      const ownerId = services.subjectOf(toUserRef(services, user))
      const clients = await services.store.clients.list({ ...options, ownerId, isActive: true })
      return clients.map((client) => toInfo(services, client))
    },
    async update(id, update) {
      const services = await start()
      const client = await services.clientRegistry.update(id, update, APP)
      return client && toInfo(services, client)
    },
    async rotateSecret(id, rotation) {
      const services = await start()
      const rotated = await services.clientRegistry.rotateSecret(id, rotation, APP)
      return rotated && { ...rotated, client: toInfo(services, rotated.client) }
    },
    revoke: async (id) => (await start()).clientRegistry.revoke(id, APP),
  }
}

const toInfo = ({ settings }: Services, client: Client): ClientInfo =>
  toClientInfo(client, settings.clientFields)

/** Replaces `owner` with `ownerId`. A missing user throws: the client would otherwise become first-party. */
function withOwner(services: Services, registration: NewClient): ClientRegistration {
  if (!('owner' in (registration ?? {}))) return registration
  const { owner, ...rest } = registration
  if (rest.ownerId !== undefined)
    throw new ConfigError([{ path: 'owner', message: 'cannot be combined with ownerId' }])
  const user = toUserRef(services, owner)
  return { provider: user.provider, ...rest, ownerId: services.subjectOf(user) }
}

function withProvider(
  { settings, userDirectory }: Services,
  registration: ClientRegistration,
): ClientRegistration {
  const { provider = settings.provider } = registration
  userDirectory.provider(provider)
  return { ...registration, provider }
}
