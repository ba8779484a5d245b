import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { ListOptions } from './list-options.ts'

/** A new sign-in in an existing session. */
export interface SessionRenewal extends Pick<
  Session,
  | 'cookieHash'
  | 'appSessionHash'
  | 'issuerEpoch'
  | 'userEpoch'
  | 'authenticatedAt'
  | 'lastSeenAt'
  | 'expiresAt'
  | 'isPersistent'
  | 'methods'
> {
  /** The `sub` of the user. */
  readonly subject: string
}

/** Sessions, one for each device that a user is signed in on. `subject` is the user's `sub`. */
export interface SessionStore {
  /**
   * Inserts a session only if its issuer and user epochs are current, and no other session has its `cookieHash`. Durable.
   * Returns whether it did.
   */
  insert(session: Session, subject: string): Promise<boolean>
  /** Inserts a session that is revoked already, whatever the epochs are. Durable. */
  insertRevoked(session: Session): Promise<void>
  /** Finds a session, even if it is revoked or expired. `lastSeenAt` as in `listByUser`. */
  find(id: string): Promise<Session | undefined>
  /**
   * Replaces the cookie, the app's session, epochs, times, `isPersistent` and `methods` of a session, because its user
   * signed in again. Only if the session is not revoked and the new epochs are current, and no other session has the
   * new `cookieHash`. Durable. Returns whether it did.
   */
  renew(id: string, renewal: SessionRenewal): Promise<boolean>
  /** Finds the session with this cookie, even if it is revoked or expired. */
  findByCookie(cookieHash: string): Promise<Session | undefined>
  /** Lists the sessions with one of these `appSessionHash`es, revoked and expired ones included, by ascending id. */
  listByAppSession(hashes: readonly string[]): Promise<readonly Session[]>
  /** Returns whether a revoked session of the user has an app session and exactly this `authenticatedAt`. */
  hasRevokedSignIn(user: UserRef, authenticatedAt: number): Promise<boolean>
  /** Moves `lastSeenAt` and `expiresAt` forward, never back, only if the session is not revoked. */
  touch(id: string, seenAt: number, expiresAt: number): Promise<void>
  /**
   * Moves `authenticatedAt` forward, never back, because the user confirmed their password. Only if the session is not
   * revoked. Durable. Returns whether the session exists and is not revoked.
   */
  confirm(id: string, authenticatedAt: number): Promise<boolean>
  /**
   * Lists a user's unrevoked sessions, last seen first. Includes an expired session if one of its authorizations is not
   * revoked and has an unexpired refresh or access token. `lastSeenAt` is the later of the session's own and the
   * `lastUsedAt` of its authorizations, revoked ones included.
   */
  listByUser(user: UserRef, now: number): Promise<readonly Session[]>
  /** Lists the same kind of sessions of all users, by ascending id, with the same `lastSeenAt`. */
  list(now: number, options?: ListOptions): Promise<readonly Session[]>
}
