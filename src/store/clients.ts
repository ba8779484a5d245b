import type { Client, ClientChanges } from '../model/client.ts'
import type { ListOptions } from './list-options.ts'

/** Which clients to list. */
export interface ClientListOptions extends ListOptions {
  readonly ownerId?: string
  readonly isActive?: boolean
}

/** What the registration of an owner depends on: how many clients they may have, and may have created after a time. */
export interface OwnerLimits {
  readonly active: number
  readonly recent: number
  readonly since: number
  /** The owner's epoch when they signed in. */
  readonly userEpoch: number
}

/** Registered clients. */
export interface ClientStore {
  /**
   * Inserts a client. Durable. Throws an `Error` if the id is taken. With `limits`, only if its owner has not reached one of
   * them: returns `revoked` if the owner's epoch is not `userEpoch`, `full` if the owner has `active` unrevoked clients, and
   * `throttled` if `recent` of the owner's clients, revoked or not, were created after `since`.
   */
  insert(client: Client, limits?: OwnerLimits): Promise<'inserted' | 'revoked' | 'full' | 'throttled'>
  /** Finds a client with its current epoch, revoked or not. */
  find(id: string): Promise<Client | undefined>
  /** Finds several clients, in any order. Leaves out unknown ids. */
  findMany(ids: readonly string[]): Promise<readonly Client[]>
  /**
   * Lists clients by ascending id: all of them, or those of one owner, with `isActive` only unrevoked ones. Throws
   * `ConfigError` if `ownerId` is present but undefined, which would list the clients of all owners.
   */
  list(options?: ClientListOptions): Promise<readonly Client[]>
  /**
   * Changes a client. Durable. Returns the changed client, or undefined if there is none with this id.
   *
   * A function receives the client as it is now and returns the changes. The client cannot change in between, so no update
   * is lost. The store may call the function more than once. If it throws, nothing changes and the error is rethrown.
   */
  update(
    id: string,
    changes: ClientChanges | ((current: Client) => ClientChanges),
  ): Promise<Client | undefined>
  /** Returns whether an unrevoked public client has a redirect URI with this origin. Used for CORS. */
  isPublicOrigin(origin: string): Promise<boolean>
}
