import type { Authorization, Rotation } from '../model/authorization.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { ListOptions } from './list-options.ts'

/** A refresh of an authorization: what its row must be, and what it becomes. */
export interface RefreshUpdate {
  readonly id: string
  /** The hash of the seed in the presented token. */
  readonly seedHash: string
  /** The client that presents the token. */
  readonly clientId: string
  /** The generation that the row must have. */
  readonly from: number
  /** The generation to set; equal to `from` if the token is not rotated, or repeated within its grace window. */
  readonly to: number
  /** Remembered as the newest one. Of those before it, the row keeps `REMEMBERED_ROTATIONS - 1`. */
  readonly rotation: Rotation | undefined
  /** The row must not have expired yet. Becomes `lastUsedAt`. */
  readonly now: number
  readonly expiresAt: number
  /** How long after `createdAt` the row expires at the latest. Null for no limit. */
  readonly maximumLifetime: number | null
  /** Raises `accessExpiresAt`. A lower value than the stored one is ignored. */
  readonly accessExpiresAt: number
  readonly user: RefreshingUser
}

/** What the tokens of a refresh need of the changed row. */
export type RefreshedAuthorization = Pick<
  Authorization,
  'id' | 'clientId' | 'provider' | 'userId' | 'sessionId' | 'scopes' | 'epochs' | 'expiresAt'
>

/** What is known of the user of an authorization that is refreshed. */
export type RefreshingUser =
  /** The caller has read the row and found the user. `subject` is their `sub`. */
  | { readonly subject: string }
  /**
   * The caller has not read the row. It must have a user of this provider who exists in `users` and is not disabled, and no
   * resources. The `sub` of the user is their ID, so an ID with a colon, whose `sub` would be longer, does not match.
   */
  | { readonly builtInProvider: string }

/** Authorizations: one user's grant to one client, or a personal access token. `subject` is the user's `sub`. */
export interface AuthorizationStore {
  /**
   * Inserts an authorization, and the session that starts with it, both or neither. Only if the id is new, its client and
   * its session exist and are not revoked, and its epochs are current. The reserved client IDs `personal-access` and
   * `sign-in` need no client. Durable. Returns whether it did.
   */
  insert(authorization: Authorization, subject: string, session?: Session): Promise<boolean>
  find(id: string): Promise<Authorization | undefined>
  /**
   * Updates an authorization only if it has this seed, client and generation, is neither expired nor revoked, and its epochs
   * are current. Returns part of the changed row; undefined, without a reason, if there is none.
   */
  refresh(update: RefreshUpdate): Promise<RefreshedAuthorization | undefined>
  /** Lists a user's unrevoked authorizations with an unexpired refresh or access token, newest first. */
  listByUser(user: UserRef, now: number): Promise<readonly Authorization[]>
  /** Lists the same kind of authorizations of all users, by ascending id, or those of one client. */
  list(now: number, options?: ListOptions & { readonly clientId?: string }): Promise<readonly Authorization[]>
  /** Moves `lastUsedAt` forward, never back, for several authorizations by id. Ignores unknown ids. */
  markUsed(uses: ReadonlyMap<string, number>): Promise<void>
}
