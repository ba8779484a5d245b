import type { Authorization } from '../model/authorization.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import type { UserRef } from '../model/subject.ts'

/** The scopes that users have allowed clients, so that they are not asked again. */
export interface ConsentStore {
  /** Finds what a user has allowed a client, as it was added. Returns undefined if the user has never consented. */
  find(user: UserRef, clientId: string): Promise<readonly string[] | undefined>
  /**
   * Adds to what the user has allowed before. An entry is a scope, or a resource, a space and a scope: the store keeps them
   * unchanged. With the hash of a code, only if that code exists and is neither spent nor voided: it is voided if the
   * user disconnects the client in the meantime, and the authorization of a spent one is revoked. Durable. Returns whether it did.
   */
  add(
    user: UserRef,
    clientId: string,
    entries: readonly string[],
    now: number,
    codeHash?: string,
  ): Promise<boolean>
  /** Deletes all consents of a user. Durable. */
  deleteAll(user: UserRef): Promise<void>
}

/** What a user has allowed a client, summed up from authorizations and consent. */
export interface Connection {
  readonly clientId: string
  /** What the live authorizations allow: each combination of scopes and resources once, in any order. */
  readonly grants: readonly Pick<Authorization, 'scopes' | 'resources'>[]
  /** The entries of the consent, as they were added. Undefined if there is none. */
  readonly consent: readonly string[] | undefined
  /** The first consent or the first live authorization, whichever is earlier. */
  readonly connectedAt: number
  /** The last `lastUsedAt` of the unrevoked authorizations that are stored, expired ones included. Null if there are none. */
  readonly lastUsedAt: number | null
  /** The number of live authorizations. */
  readonly authorizations: number
}

/** What a disconnect did. */
export interface Disconnection {
  /** Whether there was a consent, an unspent code or an unrevoked authorization. */
  readonly wasConnected: boolean
  /** The entries for the revocation feed. */
  readonly entries: readonly RevocationEntry[]
}

/**
 * Connected apps: clients with a live authorization or a consent of a user. An authorization is live if it is not revoked
 * and has an unexpired refresh or access token. Only registered clients that are not revoked count, so personal access
 * tokens and sign-ins with the sign-in API do not.
 */
export interface ConnectionStore {
  /** Lists the connected apps of a user, in any order, with a fixed number of queries. */
  list(user: UserRef, now: number): Promise<readonly Connection[]>
  /** Lists the live authorizations of third-party clients (those with an owner included), newest first: at most `limit`. */
  listAuthorizations(user: UserRef, now: number, limit: number): Promise<readonly Authorization[]>
  /**
   * Disconnects a client from a user in one transaction: deletes the consent, voids the unspent codes and device codes, and
   * revokes the authorizations. Durable. Nothing that began before it is left: a code exchange, a refresh or an insert that
   * has not been committed yet fails, or is revoked too.
   *
   * Returns an entry for each revoked authorization whose access tokens may still be valid. `subject` is the user's `sub`.
   */
  disconnect(
    user: UserRef,
    target: { readonly clientId: string; readonly subject: string },
    now: number,
  ): Promise<Disconnection>
}
